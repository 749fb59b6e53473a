package sandbox

import (
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
			if policy := res.Header.Get("Content-Security-Policy"); policy != "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'" {
				t.Errorf("policy: %s", policy)
			}
			for _, m := range regexp.MustCompile(`<link [^>]*href="([^"]*)"`).FindAllStringSubmatch(body, -1) {
				file := b.do("GET", "/"+m[1], nil)
				if file.StatusCode != 200 || !strings.HasSuffix(file.Header.Get("Cache-Control"), "immutable") || len(text(t, file)) == 0 {
					t.Errorf("%s: %d, Cache-Control %q", m[1], file.StatusCode, file.Header.Get("Cache-Control"))
				}
			}
			// Mounted anywhere, the page knows no absolute path of its own; and no script.
			if m := regexp.MustCompile(`(?i)<script|<style|="data:|<[^>]+\s(style|on\w+)=|(href|action|src)="(/|https?:)`).FindString(body); m != "" {
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

// Browsers hold the redirect that answers a form against form-action, which a site may set
// to 'self': at another origin than the site's the answer is a page that goes on, a link's
// and a script's is a redirect everywhere.
func TestFormLeadsToTheSiteAlone(t *testing.T) {
	for uri, redirects := range map[string]bool{
		testRedirect:               true,
		"https://localhost:8080/x": false,
		"http://localhost:9090/x":  false,
		"http://[::1]:8080/x":      false,
	} {
		b := &browser{t: t, server: newServer(t, nil)}
		res := b.login(request("redirect_uri", uri), "person", "mfa")
		if res.StatusCode == 303 != redirects {
			t.Errorf("%s: %d", uri, res.StatusCode)
		}
		if refresh := res.Header.Get("Refresh"); !redirects && (!strings.HasPrefix(refresh, "0; url="+uri+"?code=") || !strings.Contains(text(t, res), `data-page="sandbox-leaving"`)) {
			t.Errorf("%s: Refresh %q", uri, refresh)
		}
		if res := b.authorize(request("redirect_uri", uri)); res.StatusCode != 303 {
			t.Errorf("%s: a link is answered by %d", uri, res.StatusCode)
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
