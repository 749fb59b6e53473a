package e2e

import (
	"strings"
	"testing"
)

// exempt is a gated site with a corner that everybody sees.
const exempt = `	@private not path /public/*
	proconnect @private {
		allow any
	}
	reverse_proxy {$UPSTREAM}`

// fetched is what a page's script gets to see of an answer.
type fetched struct {
	Status     int
	Type       string
	Redirected bool
	Body       map[string]any
}

func fetchJSON(b *tab, path, options string) fetched {
	b.t.Helper()
	return eval[fetched](b, `(async () => {
		const r = await fetch("`+path+`", `+options+`);
		const body = await r.text();
		let json = {};
		try { json = JSON.parse(body) } catch {}
		return { Status: r.status, Type: r.headers.get("Content-Type") ?? "", Redirected: r.redirected, Body: json };
	})()`)
}

// TestFetch: a script gets an answer that it can read, never a login page.
func TestFetch(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": exempt})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/public/")
	b.see("site")
	for _, options := range []string{`{}`, `{method: "POST", body: "x"}`, `{headers: {Accept: "application/json"}}`, `{headers: {Accept: "text/html"}}`} {
		got := fetchJSON(b, "/api", options)
		if got.Status != 401 || got.Redirected || !strings.HasPrefix(got.Type, "application/problem+json") {
			t.Errorf("%s: got %+v", options, got)
		}
		if !strings.Contains(flatten(got.Body), "/.proconnect/login") {
			t.Errorf("%s: got %v, want the login's address in it", options, got.Body)
		}
	}
	if len(s.upstream.got("/api")) > 0 {
		t.Error("the request reached the site")
	}
	if got := fetchJSON(b, "/.proconnect/session", `{}`); got.Status != 401 {
		t.Errorf("session: got %+v", got)
	}

	b.enter(s.origin("docs")+"/", "dinum")
	b.see("site")
	if got := fetchJSON(b, "/api", `{headers: {Accept: "application/json"}}`); got.Status != 200 || got.Body["URI"] != "/api" {
		t.Errorf("with a session: got %+v", got)
	}
	if got := fetchJSON(b, "/.proconnect/session", `{}`); got.Status != 200 || !strings.Contains(flatten(got.Body), "angela.durand@") || got.Body["expires_at"] == nil {
		t.Errorf("session: got %+v", got)
	}
}

// flatten writes out the words of a JSON object, wherever they stand.
func flatten(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		var all []string
		for _, e := range v {
			all = append(all, flatten(e))
		}
		return strings.Join(all, " ")
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, flatten(e))
		}
		return strings.Join(all, " ")
	}
	return ""
}

// TestFormWithoutSession: what somebody typed into a form for an hour deserves
// more than a login page.
func TestFormWithoutSession(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": exempt})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/public/")
	b.see("site")
	b.submitForm("/save")
	b.see("form-lost")
	if got := b.text("main"); len(got) < 80 {
		t.Errorf("got %q, want words about what to do", got)
	}
	b.text(`main a[target="_blank"]`)
	if len(s.upstream.got("/save")) > 0 {
		t.Error("the request reached the site")
	}
}

// submitForm posts a form of the page's own, as a navigation.
func (b *tab) submitForm(action string) {
	b.t.Helper()
	eval[any](b, `(() => {
		const form = document.createElement("form");
		form.method = "post";
		form.action = "`+action+`";
		document.body.append(form);
		form.submit();
		return true;
	})()`)
}

// TestFrame: ProConnect is never shown inside a frame.
func TestFrame(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": exempt})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/public/")
	b.see("site")
	eval[any](b, `new Promise((resolve) => {
		const frame = document.createElement("iframe");
		frame.onload = () => resolve(true);
		frame.src = "/inside";
		document.body.append(frame);
	})`)
	const inside = `document.querySelector("iframe").contentDocument?.querySelector("main")`
	if got := peek[string](b, inside+`?.dataset.page ?? ""`); got != "framed" {
		t.Errorf("got %q, want a page made for frames", got)
	}
	if got := peek[string](b, inside+`?.querySelector("a")?.target ?? ""`); got != "_top" {
		t.Errorf("the link's target: got %q", got)
	}
	b.shoot("framed", 1280, 900)
}
