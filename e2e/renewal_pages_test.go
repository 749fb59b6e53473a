package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestPagesOfPasses brings up the pages that people see of passes by ProConnect which they
// did not click for.
func TestPagesOfPasses(t *testing.T) {
	s := newStack(t, renewing(), sites{
		"docs": `	@private not path /public
	proconnect @private {
		allow any
	` + described + `
	}
	reverse_proxy {$UPSTREAM}`,
		"quiet": `	proconnect {
		allow any
		login silent
		after_logout /goodbye
	` + described + `
	}
	reverse_proxy {$UPSTREAM}`,
	})
	for _, language := range []string{"fr", "en"} {
		for name, bring := range map[string]func(*passenger){
			"departing": (*passenger).departs, "waiting": (*passenger).waits, "person-changed": (*passenger).changes,
			"other-browser": (*passenger).startsElsewhere, "silent": (*passenger).staysAStranger, "logged-out-on": (*passenger).logsOut,
		} {
			t.Run(name+"/"+language, func(t *testing.T) {
				p := &passenger{newPerson(t), s, language, s.origin("docs"), s.origin("quiet")}
				p.speak(language)
				bring(p)
				if got := eval[string](p.tab, `document.documentElement.lang`); got != language {
					t.Errorf("lang: got %q", got)
				}
				p.inspect(name + "-" + language)
			})
		}
	}
}

// passenger is somebody on whom pages of passes are tried.
type passenger struct {
	*tab
	s           *stack
	language    string
	docs, quiet string // the sites
}

// stands shows a page that goes on by itself, as it is answered to the browser's person,
// and does not go on.
func (b *passenger) stands(address, cookies string) {
	b.t.Helper()
	got := b.navigate(address, cookies)
	html, err := json.Marshal(got.body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.visit(b.docs + "/public")
	eval[bool](b.tab, `(() => { document.open(); document.write(`+string(html)+`); document.close(); return true })()`)
	if got.Header.Get("Refresh") == "" {
		b.t.Errorf("%s does not go on by itself", address)
	}
}

// navigate answers as if the browser of a tab went to an address.
func (b *passenger) navigate(address, cookies string) response {
	b.t.Helper()
	return b.s.send(b.t, "GET", address, "Cookie", cookies, "Accept", "text/html", "Accept-Language", b.language,
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "same-origin")
}

func (b *passenger) departs() {
	b.stands(b.quiet+"/", "")
	b.see("departing")
}

func (b *passenger) waits() {
	b.enter(b.docs+"/", "dinum")
	b.see("site")
	b.confirmed(b.s, b.docs, overdue)
	b.s.provider.behave(b.t, "blocked", []string{dinumEmail})
	other := b.newTab()
	other.visit(b.docs + "/") // and is stranded there
	other.see("provider-stranded")
	b.stands(b.docs+"/", b.cookieHeader(b.docs+"/"))
	b.see("waiting")
}

func (b *passenger) changes() {
	b.enter(b.docs+"/", "dinum")
	b.see("site")
	b.confirmed(b.s, b.docs, inGrace)
	b.s.provider.control(b.t, orders{"become": []any{dinumEmail, map[string]string{"person": "clamart"}}})
	b.visit(b.docs + "/")
	b.see("person-changed")
}

// startsElsewhere opens the answer to a login that another browser began.
func (b *passenger) startsElsewhere() {
	other := newPerson(b.t)
	other.visit(b.docs + "/")
	other.see("login")
	other.click(".proconnect-button")
	other.see("provider-login")
	calls := b.s.provider.journal(b.t, "/authorize")
	answer := url.Values{"code": {"c"}, "state": {calls[len(calls)-1].Query["state"]}, "iss": {b.s.provider.issuer}}
	b.visit(b.docs + "/.proconnect/callback?" + answer.Encode())
	b.see("problem")
}

func (b *passenger) staysAStranger() {
	b.visit(b.quiet + "/")
	b.see("login")
}

func (b *passenger) logsOut() {
	b.enter(b.quiet+"/", "dinum")
	b.see("site")
	away := b.navigate(b.quiet+"/.proconnect/logout", b.cookieHeader(b.quiet+"/.proconnect/logout"))
	to, err := away.Location()
	if err != nil {
		b.t.Fatalf("the logout: got %d", away.StatusCode)
	}
	var kept []string
	for _, c := range away.Cookies() {
		if c.MaxAge >= 0 {
			kept = append(kept, c.Name+"="+c.Value)
		}
	}
	b.stands(b.quiet+"/.proconnect/logged-out?state="+to.Query().Get("state"), strings.Join(kept, "; "))
	b.see("logged-out")
}
