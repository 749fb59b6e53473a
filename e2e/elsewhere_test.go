package e2e

import (
	"strings"
	"testing"
)

// elsewhere is a page of another site.
const elsewhere = "	header Content-Type \"text/html; charset=utf-8\"\n" +
	"	respond `<!doctype html><html lang=\"fr\"><meta name=\"viewport\" content=\"width=device-width\"><title>Ailleurs</title><main data-page=\"elsewhere\"><h1>Ailleurs</h1></main></html>`"

// TestFramesAndOtherSites: what stands in a frame is small and leads out of it, and
// somebody whom another site sends here with a form gets on by a link, still logged
// in. In both languages.
func TestFramesAndOtherSites(t *testing.T) {
	s := newStack(t, rs256, sites{"elsewhere": elsewhere, "docs": exempt + `
	proconnect /admin/* {
		allow siren 130025265
	}`})
	docs := s.origin("docs")
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			stranger, member := newPerson(t), newPerson(t)
			stranger.speak(lang)
			member.speak(lang)
			member.enter(docs+"/", "clamart")
			member.see("site")
			stranger.frames(docs+"/public/", docs+"/x", "framed-login-"+lang, "login")
			stranger.frames(docs+"/public/", docs+"/.proconnect/nothing", "framed-problem-"+lang, "not_found")
			member.frames(docs+"/public/", docs+"/admin/", "framed-refused-"+lang, "refused")
			member.frames(s.origin("elsewhere")+"/", docs+"/x", "framed-abroad-"+lang, "")

			member.visit(s.origin("elsewhere") + "/")
			member.see("elsewhere")
			member.submitForm(docs + "/save?id=1")
			member.see("form-withheld")
			member.inspect("form-withheld-" + lang)
			member.click("main a.button")
			member.see("site") // the session was alive all the time
			if got := member.text("#uri"); got != "/save?id=1" {
				t.Errorf("the link leads to %s", got)
			}
			if got := s.upstream.got("/save?id=1"); len(got) != 1 || got[0].Header.Get("Content-Type") != "" {
				t.Errorf("the site got %+v", got)
			}
			s.upstream.forget()

			member.visit(docs + "/.proconnect/logout")
			member.see("logout")
			member.inspect("logout-" + lang)
			member.click("main form[method=post] button")
			member.see("logged-out")
			member.inspect("logged-out-" + lang)
		})
	}
}

// frames shows an address in a frame of a page. What the frame of another site
// holds is not to be read from outside: the picture shows it.
func (b *tab) frames(around, address, name, kind string) {
	b.t.Helper()
	b.visit(around)
	b.seeAny("site", "elsewhere")
	eval[any](b, `new Promise((resolve) => {
		const frame = document.createElement("iframe");
		frame.onload = () => resolve(true);
		frame.style = "width: 100%; height: 330px; box-sizing: border-box";
		frame.src = "`+address+`";
		document.body.append(frame);
	})`)
	if kind != "" {
		const inside = `document.querySelector("iframe").contentDocument?.querySelector("main")`
		if got := peek[string](b, inside+`?.dataset.framed ?? ""`); got != kind {
			b.t.Errorf("%s: got %q, want %q", name, got, kind)
		}
		if got := peek[string](b, inside+`?.querySelector("a")?.target ?? ""`); got != "_top" {
			b.t.Errorf("%s: the link's target: got %q", name, got)
		}
		if got := peek[string](b, inside+`?.textContent ?? ""`); strings.Contains(got, "@") {
			b.t.Errorf("%s names somebody: %s", name, got)
		}
	}
	b.shoot(name, 1280, 900)
	b.shoot(name, 390, 844)
}

// forget drops what came through.
func (u *upstream) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen = nil
}
