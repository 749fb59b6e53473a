package pages

import (
	"errors"
	"slices"
)

var (
	// errURL refuses a page whose one way on is not a path of the same origin.
	errURL = errors.New("want a path of the same origin to go on to")
	// errLeaving refuses a page whose one way on leads nowhere.
	errLeaving = errors.New("want the address at which ProConnect logs out")
)

// ready is a view that shows itself, once the paths that it cannot do without are such.
func ready(v View, heading string, paths ...string) (string, any, error) {
	if slices.ContainsFunc(paths, func(path string) bool { return !isPath(path) }) {
		return "", nil, errURL
	}
	return heading, v, nil
}

// Login is the page with the official button.
type Login struct {
	LoginURL string // path and query of the login endpoint
	Notice   string // why the person is here again: NoticeLoginRequired, or empty

	// Where to change account, if that may help.
	SwitchURL string
}

// NoticeLoginRequired tells, on a [Login] page, that ProConnect could not go on from
// the person's session there.
const NoticeLoginRequired = "login_required"

func (Login) pageName() string { return "login" }

func (v Login) prepare(c *catalog) (string, any, error) {
	v.SwitchURL = safeURL(v.SwitchURL)
	if key := "login.notice." + v.Notice; c.has(key) {
		v.Notice = c.text(key)
	} else {
		v.Notice = ""
	}
	return ready(v, c.text("login.heading"), v.LoginURL)
}

// LoggedOut is the page after a logout.
type LoggedOut struct {
	HomeURL string // where a new login may start; may be empty
	NextURL string // where the operator has people go on, checked; may be empty
	Partial bool   // ProConnect could not be reached: the session there may go on
	Unsure  bool   // nobody knows of a logout: there is no session here, and maybe one there
	Switch  bool   // the person wants another account or organisation
}

func (LoggedOut) pageName() string { return "logged-out" }

func (v LoggedOut) next() Next {
	if v.Partial || v.Switch { // it says what is left to do
		return Next{}
	}
	return Next{URL: v.NextURL}
}

func (v LoggedOut) prepare(c *catalog) (string, any, error) {
	v.HomeURL = safeURL(v.HomeURL)
	if v.Unsure {
		return c.text("logged_out.unsure_heading"), v, nil
	}
	return c.text("logged_out.heading"), v, nil
}

// Logout asks the person to confirm a logout that another site may have caused.
type Logout struct {
	Action  string // path to POST to
	Token   string // for the form to bring back; may be empty
	Name    string // who is logged in; may be empty
	HomeURL string // the way back without a logout; may be empty
}

func (Logout) pageName() string { return "logout" }

func (v Logout) prepare(c *catalog) (string, any, error) {
	v.Name, v.HomeURL = plain(v.Name, maxShort), safeURL(v.HomeURL)
	return ready(v, c.text("logout.heading"), v.Action)
}

// FormLost answers a form that was sent without a session, or without enough of one.
type FormLost struct {
	LoginURL string // path and query of the login endpoint
	LoggedIn bool   // there is a session: what it lacks is another login
}

func (FormLost) pageName() string { return "form-lost" }

func (v FormLost) prepare(c *catalog) (string, any, error) {
	return ready(v, c.text("form_lost.heading"), v.LoginURL)
}

// FormWithheld answers a form that another site sent: the browser withheld the
// session, and nobody read what was in the form.
type FormWithheld struct {
	PageURL string // the address that the form was sent to, to be opened by a link
}

func (FormWithheld) pageName() string { return "form-withheld" }

func (v FormWithheld) prepare(c *catalog) (string, any, error) {
	return ready(v, c.text("form_withheld.heading"), v.PageURL)
}
