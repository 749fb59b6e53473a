package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// gallery serves every page that people may see, as the gate does, and counts what is
// asked for and is not there.
type gallery struct {
	url     string
	views   map[string]pages.View
	missing []string
}

// goesOn is what has a page go on by itself: in the gallery it stands still to be looked at.
var goesOn = regexp.MustCompile(`<meta http-equiv="refresh"[^>]*>`)

// galleryLogo is what an operator may draw.
const galleryLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><rect width="40" height="40" rx="6" fill="#1d4e89"/><path d="M10 28V12h20v16M10 20h20" stroke="#fff" stroke-width="3" fill="none"/><rect x="52" y="12" width="100" height="6" fill="#1c212b"/><rect x="52" y="24" width="70" height="6" fill="#565e70"/></svg>`

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{views: galleryViews(t)}
	logo, err := pages.NewLogo([]byte(galleryLogo))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		file := pages.FileNamed(r.PathValue("name"))
		if r.PathValue("name") == logo.Name {
			file = logo
		}
		if file == nil {
			g.missing = append(g.missing, r.URL.Path)
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", file.Type)
		w.Header().Set("Content-Security-Policy", file.CSP)
		_, _ = w.Write(file.Body)
	})
	mux.HandleFunc("GET /{lang}/{name}", func(w http.ResponseWriter, r *http.Request) {
		lang, view := r.PathValue("lang"), g.views[r.PathValue("name")]
		var body bytes.Buffer
		if err := pages.Render(&body, lang, gallerySite(lang, logo), "5LU7JSMCVE", view); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", pages.CSP(view))
		_, _ = w.Write(goesOn.ReplaceAll(body.Bytes(), nil))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func gallerySite(lang string, logo *pages.File) pages.Site {
	s := pages.Site{
		Title:    pages.Text{Text: "Guide des achats", Lang: "fr"},
		Audience: pages.Text{Text: "Les agents de la direction interministérielle du numérique.", Lang: "fr"},
		Contact:  pages.Text{Text: "aide@numerique.gouv.fr"},
		Links: []pages.Link{
			{Text: pages.Text{Text: "Accessibilité : partiellement conforme", Lang: "fr"}, URL: "https://example.gouv.fr/accessibilite"},
			{Text: pages.Text{Text: "Mentions légales"}, URL: "/mentions"},
		},
		Logo: logo, Files: "/assets/",
	}
	if lang == "en" {
		s.Title, s.Audience = pages.Text{Text: "Buying guide", Lang: "en"}, pages.Text{Text: "The agents of the directorate for digital affairs.", Lang: "en"}
	}
	return s
}

// galleryViews is every view with every one of its branches, by the names of the pictures.
func galleryViews(t *testing.T) map[string]pages.View {
	t.Helper()
	const login, out, swap = "/.proconnect/login?return_to=%2F", "/.proconnect/logout", "/.proconnect/logout?then=login"
	person := pages.Person{Name: "Camille Lefèvre", Email: "camille.lefevre@clamart.example", Organization: "Commune de Clamart"}
	refused := pages.Refused{
		Name: person.Name, Email: person.Email, Organization: person.Organization, Siret: "21920023500014",
		Reasons: []pages.Reason{{Code: pages.ReasonNotListed, Field: "siret"}}, HomeURL: "/", SwitchURL: swap, LogoutURL: out,
	}
	several, directory, factor, level := refused, refused, refused, refused
	several.HomeURL = ""
	several.Reasons = []pages.Reason{{Code: pages.ReasonNotListed, Field: "siret"}, {Code: pages.ReasonUnknown, Field: "belonging_population"}}
	directory.RolesUnknown, directory.RetryURL, directory.Reasons = true, login, []pages.Reason{{Code: pages.ReasonUnknown, Field: "roles"}}
	factor.ACRUnmet, factor.RetryURL, factor.Levels, factor.Reasons = true, login, []string{"eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"}, nil
	level.ACRUnmet, level.RetryURL, level.Levels, level.Reasons = true, login, []string{"eidas2", "eidas3"}, []pages.Reason{{Code: pages.ReasonLevel, Field: "acr"}}
	views := map[string]pages.View{
		"login":             pages.Login{LoginURL: login},
		"login-again":       pages.Login{LoginURL: login, Notice: pages.NoticeLoginRequired, SwitchURL: swap},
		"refused":           refused,
		"refused-several":   several,
		"refused-directory": directory,
		"refused-factor":    factor,
		"refused-level":     level,
		"refused-nobody":    pages.Refused{Reasons: []pages.Reason{{Code: pages.ReasonOther}}, SwitchURL: swap, LogoutURL: out},
		"logged-out":        pages.LoggedOut{HomeURL: "/"},
		"logged-out-here":   pages.LoggedOut{HomeURL: "/", Partial: true},
		"logged-out-switch": pages.LoggedOut{HomeURL: "/", Switch: true},
		"logged-out-unsure": pages.LoggedOut{HomeURL: "/", Unsure: true},
		"logout":            pages.Logout{Action: out, Token: "sealed", Name: person.Name, HomeURL: "/"},
		"form-lost":         pages.FormLost{LoginURL: login},
		"form-lost-level":   pages.FormLost{LoginURL: login, LoggedIn: true},
		"form-withheld":     pages.FormWithheld{PageURL: "/save"},
		"person-changed":    pages.PersonChanged{Was: person, Now: pages.Person{Name: "Angela Durand", Email: "angela.durand@numerique.gouv.fr"}, TargetURL: "/", SwitchURL: swap},
		"waiting-over":      pages.Waiting{LoginURL: login},
		"framed-login":      pages.Framed{URL: login},
		"framed-refused":    pages.Framed{Kind: pages.FramedRefused, URL: "/x"},
		"framed-abroad":     pages.Framed{Kind: pages.FramedAbroad, URL: "/x"},
		"framed-not-found":  pages.Framed{Kind: pages.NotFound, URL: "/x"},
		// Those that go on by themselves stand still here: the gallery sends no header.
		"departing": pages.Departing{URL: login, Seconds: 1},
		"leaving":   pages.Leaving{URL: "https://example.gouv.fr/session/end"},
		"waiting":   pages.Waiting{LoginURL: login, NextURL: login + "&step=wait", Seconds: 2},
	}
	for _, code := range problemsOf(t) {
		p := pages.Problem{Code: code, RetryURL: login, HomeURL: "/"}
		switch code {
		case pages.Misconfigured, pages.CallbackUnreachable, pages.ClientsMixed:
			p = pages.Problem{Code: code, Detail: []string{"callback: https://docs.example.gouv.fr/.proconnect/callback"}}
		case pages.ProviderRefused:
			p.SwitchURL = swap
		case pages.IdentityRefused, pages.ClientLimited:
			p.SwitchURL, p.RetryURL = swap, ""
		}
		views["problem-"+code] = p
	}
	return views
}

// problemsOf are the codes of problems, as the texts have them.
func problemsOf(t *testing.T) (codes []string) {
	t.Helper()
	data, err := os.ReadFile("../internal/pages/text/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	for key := range texts {
		if m := regexp.MustCompile(`^problem\.(\w+)\.title$`).FindStringSubmatch(key); m != nil {
			codes = append(codes, m[1])
		}
	}
	return codes
}

// TestEveryPage holds every page, in both languages and both colour schemes, to all rules
// of axe-core, and looks at it as people do who see little, who use a phone, or who have
// no mouse. When E2E_SCREENSHOTS names a directory, it takes their pictures.
func TestEveryPage(t *testing.T) {
	g := newGallery(t)
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			b := newPerson(t)
			for _, name := range slices.Sorted(maps.Keys(g.views)) {
				b.visit(g.url + "/" + lang + "/" + name)
				if got := eval[string](b, `document.documentElement.lang + " " + (document.querySelector("main")?.dataset.page ?? "")`); !strings.HasPrefix(got, lang+" ") || got == lang+" " {
					t.Fatalf("%s: %s", name, got)
				}
				b.inspect(name + "-" + lang)
				b.narrow(name)
				b.tidyButtons(name)
				b.enlarged(name)
				b.byKeyboard(name)
				b.forcedColours(name)
			}
		})
	}
	if len(g.missing) > 0 {
		t.Errorf("not there: %q", g.missing)
	}
}

// narrow looks at the page on the smallest screen (WCAG 2.2 criterion 1.4.10).
func (b *tab) narrow(name string) {
	b.t.Helper()
	do(b, "viewport", chromedp.EmulateViewport(320, 256))
	b.fits(name+" on 320 pixels", 320)
}

// fits fails if anything sticks out of the screen, or is cut off.
func (b *tab) fits(what string, width int64) {
	b.t.Helper()
	const out = `[...document.querySelectorAll("main *, header *, footer *")].filter((e) => !e.closest(".label") && !e.closest("svg")
		&& (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map((e) => e.outerHTML.slice(0, 80)).join("\n")`
	if got := eval[int64](b, `document.documentElement.scrollWidth`); got > width {
		b.t.Errorf("%s: %d pixels wide", what, got)
	}
	if got := eval[string](b, out); got != "" {
		b.t.Errorf("%s: sticks out: %s", what, got)
	}
}

// tidyButtons wants buttons in rows without a lone one below, and without a lone word on a
// line of its own.
func (b *tab) tidyButtons(name string) {
	b.t.Helper()
	for _, width := range []int64{1280, 390} {
		do(b, "viewport", chromedp.EmulateViewport(width, 900))
		const lines = `(() => {
			const faults = [], rows = new Map();
			const buttons = [...document.querySelectorAll(".actions .button")];
			for (const e of buttons) {
				const range = document.createRange(), text = e.firstChild;
				const perLine = new Map();
				for (const m of text.data.matchAll(/\S+/g)) {
					range.setStart(text, m.index); range.setEnd(text, m.index + m[0].length);
					const top = Math.round(range.getBoundingClientRect().top);
					perLine.set(top, (perLine.get(top) ?? 0) + 1);
				}
				const counts = [...perLine.values()];
				if (counts.length > 1 && counts.at(-1) === 1 && innerWidth > 500) faults.push("a lone word: " + text.data);
				const top = Math.round(e.getBoundingClientRect().top);
				rows.set(top, (rows.get(top) ?? 0) + 1);
			}
			const counts = [...rows.values()];
			if (counts.length > 1 && counts.at(-1) < Math.max(...counts)) faults.push("a lone button in the last row");
			return faults.join("; ");
		})()`
		if got := eval[string](b, lines); got != "" {
			b.t.Errorf("%s, %d pixels: %s", name, width, got)
		}
	}
}

// enlarged looks at the page with text of twice the size (WCAG 2.2 criterion 1.4.4).
func (b *tab) enlarged(name string) {
	b.t.Helper()
	do(b, "viewport", chromedp.EmulateViewport(1280, 900))
	eval[any](b, `document.documentElement.style.fontSize = "200%"; true`)
	b.fits(name+" with text of 200 %", 1280)
	do(b, "viewport", chromedp.EmulateViewport(390, 844))
	b.fits(name+" with text of 200 % on a phone", 390)
	eval[any](b, `document.documentElement.style.fontSize = ""; true`)
	do(b, "viewport", chromedp.EmulateViewport(1280, 900))
}

// byKeyboard goes through the page by the Tab key: it reaches each link, button and
// summary, in their order, and each one shows that it is reached.
func (b *tab) byKeyboard(name string) {
	b.t.Helper()
	const all = `[...document.querySelectorAll("a[href], button, summary")].filter((e) => e.checkVisibility())`
	n := eval[int](b, all+`.length`)
	eval[any](b, `document.activeElement?.blur(); true`)
	for i := range n {
		b.press("Tab")
		const at = `(() => { const e = document.activeElement, s = getComputedStyle(e);
			return ` + all + `.indexOf(e) + " " + s.outlineStyle + " " + (parseFloat(s.outlineWidth) >= 2) })()`
		if got, want := eval[string](b, at), fmt.Sprintf("%d solid true", i); got != want {
			b.t.Errorf("%s: after %d times Tab: got %q, want %q", name, i+1, got, want)
			return
		}
	}
}

// press presses a key.
func (b *tab) press(key string) {
	b.t.Helper()
	do(b, "press "+key, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Code: key, WindowsVirtualKeyCode: 9}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// forcedColours looks at the page as people see it who have their own colours everywhere:
// a button is seen by its border, the official one by its drawing.
func (b *tab) forcedColours(name string) {
	b.t.Helper()
	b.media("forced-colors", "active")
	const flat = `[...document.querySelectorAll(".button")].filter((e) => { const s = getComputedStyle(e);
		return s.borderTopStyle !== "solid" || s.borderTopColor === getComputedStyle(document.body).backgroundColor }).length`
	if got := eval[int](b, flat); got > 0 {
		b.t.Errorf("%s: %d buttons have no border in forced colours", name, got)
	}
	const drawing = `[...document.querySelectorAll(".proconnect-button .ground")].filter((e) => getComputedStyle(e).fill !== "rgb(0, 0, 145)").length`
	if got := eval[int](b, drawing); got > 0 {
		b.t.Errorf("%s: the official button lost its colours", name)
	}
	b.media("forced-colors", "none")
}

// media sets one feature of the screen.
func (b *tab) media(name, value string) {
	b.t.Helper()
	do(b, name, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: name, Value: value}},
		})
		return err
	}))
}
