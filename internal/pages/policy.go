package pages

// CSP returns the Content-Security-Policy of the page of view: it loads the site's own
// files, and its one form, if it has one, leads to the site itself.
func CSP(view View) string {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action " + formAction(view)
	if leadsToLogin(view) {
		policy += "; script-src 'self'"
	}
	if Frameable(view) {
		return policy
	}
	return policy + "; frame-ancestors 'none'"
}

// Frameable says whether a page may be in a frame. It is the answer inside somebody's
// frame then, and all it holds is a link that leaves the frame.
func Frameable(view View) bool {
	_, ok := view.(Framed)
	return ok
}

// formAction says where the forms of a page may lead. Browsers apply it to what answers a
// form too, wherever that leads, and a site's own late policy may say 'self': so no form
// of ours leads to another origin. The ways there are links.
func formAction(view View) string {
	if _, ok := view.(Logout); ok {
		return "'self'"
	}
	return "'none'"
}

// leadsToLogin says whether links of a page come back to a page of the site, whose
// fragment the script adds.
func leadsToLogin(view View) bool {
	switch view.(type) {
	case Logout, Leaving, LoggedOut, FormWithheld, PersonChanged:
		return false
	}
	return true
}
