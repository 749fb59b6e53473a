package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestPagesAreClosed(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	for _, target := range []string{"/authorize?" + request().Encode(), "/authorize", "/end-session", "/nowhere"} {
		t.Run(target, func(t *testing.T) {
			res := b.do("GET", target, nil)
			body := text(t, res)
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			_, css, _ := strings.Cut(body, "<style>")
			css, _, _ = strings.Cut(css, "</style>")
			sum := sha256.Sum256([]byte(css))
			policy := res.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
				t.Errorf("policy does not fit the style: %s", policy)
			}
			// Mounted anywhere, the page knows no absolute path of its own; and no script.
			if m := regexp.MustCompile(`(?i)<script|<[^>]+\s(style|on\w+)=|(href|action|src)="(/|https?:)`).FindString(body); m != "" {
				t.Errorf("the page contains %s", m)
			}
			if !strings.Contains(body, "ProConnect simulé") || !strings.Contains(body, "Simulated ProConnect") {
				t.Error("no banner")
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	for header, want := range map[string]string{
		"": "fr", "fr-FR,fr;q=0.9,en;q=0.8": "fr", "en-GB,en;q=0.9,fr;q=0.8": "en", "de": "fr", "de, en;q=0.5": "en", "*": "fr", ";;q=": "fr",
	} {
		t.Run(header, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/authorize?"+request().Encode(), nil)
			r.Header.Set("Accept-Language", header)
			w := httptest.NewRecorder()
			newServer(t, nil).ServeHTTP(w, r)
			if body := w.Body.String(); !strings.Contains(body, `<html lang="`+want+`">`) ||
				strings.Contains(body, "Who do you want to be?") != (want == "en") {
				t.Errorf("not in %s", want)
			}
		})
	}
}

// What the request brings ends in attributes and text, never in markup.
func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	b := &browser{t: t, server: newServer(t, nil)}
	v := request("state", testState+evil, "idp_hint", idpMinistry, "siret_hint", `"><script>aler`, "acr_values", evil)
	bodies := []string{
		text(t, b.authorize(v)),
		text(t, b.authorize(request("redirect_uri", "http://localhost/"+evil, "login_hint", "a@example.org"))),
		text(t, b.login(request(), "custom", evil, "given_name", evil)),
		text(t, b.authorize(request("client_id", evil))),
		text(t, b.do("GET", "/end-session?"+url.Values{"id_token_hint": {"x"}, "state": {testState + evil}}.Encode(), nil)),
	}
	for i, body := range bodies {
		if strings.Contains(body, "<script") || strings.Contains(body, "<img") {
			t.Errorf("page %d: %s", i, body)
		}
	}
	if !strings.Contains(bodies[0], "&lt;img src=x onerror=alert(1)&gt; {{env &#34;HOME&#34;}}") {
		t.Error("the hostile person is not shown as it is")
	}
}

// Browsers apply form-action to the redirect that answers the form too.
func TestFormMayLeadBack(t *testing.T) {
	for uri, want := range map[string]string{
		testRedirect:               "form-action 'self' http://localhost:8080",
		"https://docs.localhost/x": "form-action 'self' https://docs.localhost",
		"http://[::1]:8080/x":      "form-action 'self'",
		"http://a;b.localhost/":    "form-action 'self'",
	} {
		b := &browser{t: t, server: newServer(t, nil)}
		policy := b.authorize(request("redirect_uri", uri)).Header.Get("Content-Security-Policy")
		if !strings.HasSuffix(policy, "; "+want) {
			t.Errorf("%s: %s", uri, policy)
		}
	}
}

// The page's own form, sent as a browser sends it, logs in.
func TestFormRoundTrip(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	v := request("claims", essential("eidas1-mfa"), "prompt", "login")
	_, form, _ := strings.Cut(text(t, b.authorize(v)), `<form class="people" method="post" action="authorize">`)
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(form, -1) {
		fields.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	if fields.Encode() != v.Encode() {
		t.Errorf("got %v, want %v", fields, v)
	}
	if strings.Count(form, `class="tag unmet"`) != len(presets)-1 {
		t.Error("the page does not say whose level is accepted")
	}
	fields.Set("person", "mfa")
	if q := answer(t, b.do("POST", "/authorize", fields)); q.Get("code") == "" {
		t.Errorf("got %v", q)
	}
	// The parameters may stay in the query instead.
	if q := answer(t, b.do("POST", "/authorize?"+v.Encode(), url.Values{"person": {"mfa"}})); q.Get("code") == "" {
		t.Errorf("got %v", q)
	}
}
