package pages

// Person is how a page names somebody to themselves.
type Person struct{ Name, Email, Organization string }

func (p Person) plain() Person {
	return Person{plain(p.Name, maxShort), plain(p.Email, maxShort), plain(p.Organization, maxShort)}
}

// PersonChanged tells that another account came back from ProConnect than the one that
// the browser had a session of.
type PersonChanged struct {
	Was, Now  Person
	TargetURL string // where to go on as the other
	SwitchURL string // where to change account
}

func (PersonChanged) pageName() string { return "person-changed" }

func (v PersonChanged) prepare(c *catalog) (string, any, error) {
	v.Was, v.Now = v.Was.plain(), v.Now.plain()
	return ready(v, c.text("person_changed.heading"), v.TargetURL, v.SwitchURL)
}
