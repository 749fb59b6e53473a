package pages

// Departing is shown for a moment before ProConnect, and goes on by itself.
type Departing struct {
	URL string // path and query of where it goes on
}

func (Departing) pageName() string { return "departing" }

func (v Departing) prepare(c *catalog) (string, any, error) {
	if !isPath(v.URL) {
		return "", nil, errURL
	}
	return c.text("departing.heading"), v, nil
}

// Waiting is shown while another tab of the browser is at ProConnect, and goes on by
// itself when that one is back.
type Waiting struct {
	LoginURL string // path and query of the login endpoint
	Over     bool   // it waits no longer
}

func (Waiting) pageName() string { return "waiting" }

func (v Waiting) prepare(c *catalog) (string, any, error) {
	if !isPath(v.LoginURL) {
		return "", nil, errURL
	}
	return c.text("waiting.heading"), v, nil
}
