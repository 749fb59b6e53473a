package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// described is a site that says all that a site may say of itself.
const described = `	title "Guide des achats"
		audience "Réservé aux agents de la direction interministérielle du numérique"
		contact aide@numerique.gouv.fr
		link "Accessibilité : partiellement conforme" https://example.gouv.fr/accessibilite
		link "Mentions légales" https://example.gouv.fr/mentions`

// TestPages brings up every page that people may see, holds it to axe-core's
// rules and, when E2E_SCREENSHOTS names a directory, takes its picture.
func TestPages(t *testing.T) {
	s := newStack(t, rs256, sites{
		"docs": `	proconnect {
		allow siren 130025265
	` + described + `
	}
	proconnect /admin/* {
		allow {
			siren 130025265
			mfa
		}
	` + described + `
	}
	reverse_proxy {$UPSTREAM}`,
		"open": exempt,
	})
	docs, open := s.origin("docs"), s.origin("open")
	for _, tt := range []struct {
		name, page string
		bring      func(*tab)
	}{
		{"login", "login", func(b *tab) { b.visit(docs + "/") }},
		{"login-again", "login", func(b *tab) { b.answered(docs, "login_required") }},
		{"refused", "refused", func(b *tab) { b.enter(docs+"/", "clamart") }},
		{"refused-private", "refused", func(b *tab) { b.enter(docs+"/", "private") }},
		{"refused-mfa", "refused", func(b *tab) {
			b.enter(docs+"/admin/", "dinum")
			b.loginAs("dinum")
		}},
		{"problem-callback", "problem", func(b *tab) { b.visit(docs + "/.proconnect/callback") }},
		{"problem-access-denied", "problem", func(b *tab) { b.answered(docs, "access_denied") }},
		{"problem-invalid-request", "problem", func(b *tab) { b.answered(docs, "invalid_request") }},
		{"problem-invalid-scope", "problem", func(b *tab) { b.answered(docs, "invalid_scope") }},
		{"problem-unavailable", "problem", func(b *tab) { b.answered(docs, "temporarily_unavailable") }},
		{"problem-not-found", "problem", func(b *tab) { b.visit(docs + "/.proconnect/nothing") }},
		{"logout", "logout", func(b *tab) {
			b.enter(docs+"/", "dinum")
			b.see("site")
			b.visit(docs + "/.proconnect/logout")
		}},
		{"logged-out", "logged-out", func(b *tab) {
			b.enter(docs+"/", "dinum")
			b.see("site")
			b.click("#logout")
		}},
		{"form-lost", "form-lost", func(b *tab) {
			b.visit(open + "/public/")
			b.see("site")
			b.submitForm("/save")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newPerson(t)
			tt.bring(b)
			b.see(tt.page)
			b.inspect(tt.name)
			if got := eval[string](b, `document.documentElement.lang`); got != "fr" {
				t.Errorf("lang: got %q", got)
			}
		})
	}
	t.Run("english", func(t *testing.T) {
		b := newPerson(t)
		b.speak("en-GB,en;q=0.9")
		b.visit(docs + "/")
		b.see("login")
		if got := eval[string](b, `document.documentElement.lang`); got != "en" {
			t.Errorf("lang: got %q", got)
		}
		b.inspect("login-en")
		b.click(".proconnect-button")
		b.loginAs("clamart")
		b.see("refused")
		b.inspect("refused-en")
	})
}

// answered lets the provider answer an error.
func (b *tab) answered(origin, code string) {
	b.t.Helper()
	b.visit(origin + "/")
	b.see("login")
	b.click(".proconnect-button")
	b.see("provider-login")
	b.fill("error", code)
	b.click("#submit")
	eventually(b.t, "the answer", func() bool { return b.page() != "provider-login" && b.page() != "" })
}

// speak sets the languages that the browser asks for.
func (b *tab) speak(languages string) {
	b.t.Helper()
	do(b, "languages", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"Accept-Language": languages},
		})
		return err
	}))
}

// inspect looks at a page in both colour schemes and both sizes.
func (b *tab) inspect(name string) {
	b.t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		b.prefer(scheme)
		b.accessible(scheme)
		b.shoot(name+"-"+scheme, 1280, 900)
		b.shoot(name+"-"+scheme, 390, 844)
	}
}

// prefer sets the colour scheme.
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	b.media("prefers-color-scheme", scheme)
}

// violation is a rule that axe-core found broken.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

// accessible holds the page to all rules of axe-core.
func (b *tab) accessible(scheme string) {
	b.t.Helper()
	source, err := os.ReadFile("provider/node_modules/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	eval[any](b, string(source)+"\n;true")
	for _, v := range eval[[]violation](b, `axe.run().then(r => r.violations)`) {
		b.t.Errorf("axe: %s, %s: %s: %+v", scheme, v.ID, v.Help, v.Nodes)
	}
}

// shoot takes a picture of the whole page, as wide as the screen named.
func (b *tab) shoot(name string, width, height int64) {
	b.t.Helper()
	do(b, "viewport", chromedp.EmulateViewport(width, height))
	// On a phone, nothing may stick out.
	if got := eval[int64](b, `document.documentElement.scrollWidth`); got > width {
		b.t.Errorf("%s is %d pixels wide on a screen of %d", name, got, width)
	}
	dir := os.Getenv("E2E_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	size := map[int64]string{1280: "1280x900", 390: "390x844"}[width]
	picture := do(b, "picture", chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(dir, name+"-"+size+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
