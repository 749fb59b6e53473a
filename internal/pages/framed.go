package pages

// Framed is the small page shown in a frame, where ProConnect cannot be. It says
// what is the matter, names nobody, and has one link that leaves the frame.
type Framed struct {
	Kind string // FramedLogin, FramedRefused, FramedAbroad, or the code of a [Problem]
	URL  string // path and query of the login endpoint, or of the page itself
}

// Kinds of a [Framed] page.
const (
	FramedLogin   = ""        // a login is necessary
	FramedRefused = "refused" // the rules do not admit the person
	FramedAbroad  = "abroad"  // the frame is in a page of another site
)

type framedData struct {
	Kind, What, URL, Text string
	NewTab                bool // the page around the frame stays
}

func (Framed) pageName() string { return "framed" }

func (v Framed) prepare(c *catalog) (string, any, error) {
	if !isPath(v.URL) {
		return "", nil, errURL
	}
	d := framedData{Kind: v.Kind, URL: v.URL, Text: c.text("action.open")}
	switch v.Kind {
	case FramedLogin:
		d.Kind, d.What, d.Text = "login", c.text("framed.what"), c.text("action.login")
		return c.text("framed.heading"), d, nil
	case FramedRefused:
		d.What = c.text("framed.refused")
		return c.text("refused.heading_page"), d, nil
	case FramedAbroad:
		d.What, d.Text, d.NewTab = c.text("framed.abroad"), c.text("action.open_tab"), true
		return c.text("framed.abroad_heading"), d, nil
	}
	if !c.has("problem." + v.Kind + ".title") {
		d.Kind = Unexpected
	}
	d.What = c.text("problem." + d.Kind + ".what")
	return c.text("problem." + d.Kind + ".title"), d, nil
}
