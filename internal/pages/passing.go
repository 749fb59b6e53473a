package pages

// Next is where a page goes on to by itself.
type Next struct {
	URL     string
	Seconds int // how long it is there before

	// InPage is an address that the page alone tells: an access log may hold the headers
	// of answers.
	InPage bool
}

// NextOf returns where the page of a view goes on to by itself; its URL is empty where
// the page stays.
func NextOf(view View) Next {
	if v, ok := view.(interface{ next() Next }); ok {
		return v.next()
	}
	return Next{}
}

// Departing is shown for a moment before ProConnect, and goes on by itself.
type Departing struct {
	URL     string // path and query of where it goes on
	Seconds int    // after how long
}

func (Departing) pageName() string { return "departing" }

func (v Departing) next() Next { return Next{URL: v.URL, Seconds: v.Seconds} }

func (v Departing) prepare(c *catalog) (string, any, error) {
	return ready(v, c.text("departing.heading"), v.URL)
}

// Waiting is shown while another tab of the browser is at ProConnect, and goes on by
// itself when that one is back.
type Waiting struct {
	LoginURL string // path and query of the login endpoint
	NextURL  string // where it looks whether the other is back; empty: it waits no longer
	Seconds  int    // after how long
}

func (Waiting) pageName() string { return "waiting" }

func (v Waiting) next() Next { return Next{URL: v.NextURL, Seconds: v.Seconds} }

func (v Waiting) prepare(c *catalog) (string, any, error) {
	if v.NextURL == "" {
		return ready(v, c.text("waiting.heading_over"), v.LoginURL)
	}
	return ready(v, c.text("waiting.heading"), v.LoginURL, v.NextURL)
}

// Leaving is the answer to a form that logs out here, and goes on by itself to ProConnect,
// to log out there. Its address holds the ID token as a hint.
type Leaving struct {
	URL string // ProConnect's, or of its simulation
}

func (Leaving) pageName() string { return "leaving" }

func (v Leaving) next() Next { return Next{URL: safeURL(v.URL), InPage: true} }

func (v Leaving) prepare(c *catalog) (string, any, error) {
	if v.URL = safeURL(v.URL); v.URL == "" {
		return "", nil, errLeaving
	}
	return c.text("leaving.heading"), v, nil
}
