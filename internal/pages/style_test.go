package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// The policy must allow the style elements as the browser sees them in the
// page, and nothing else.
func TestCSPHashes(t *testing.T) {
	element := regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	for _, view := range fullViews() {
		page, policy := render(t, "fr", testSite, "", view), CSP(view)
		var want []string
		for _, m := range element.FindAllStringSubmatch(page, -1) {
			sum := sha256.Sum256([]byte(m[1]))
			want = append(want, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
		if len(want) == 0 || !strings.Contains(policy, "style-src "+strings.Join(want, " ")+";") {
			t.Errorf("%s: %s, want style-src %s", view.pageName(), policy, want)
		}
		if strings.Contains(page, "style=") {
			t.Errorf("%s: an inline style, which the policy forbids", view.pageName())
		}
	}
}

func TestCSP(t *testing.T) {
	const leaves = "form-action 'self' https: http://localhost:* http://127.0.0.1:*"
	tests := []struct {
		view      View
		form      string
		frameable bool
	}{
		{view: Login{}, form: leaves},
		{view: Logout{}, form: leaves},
		{view: Refused{}, form: "form-action 'none'"},
		{view: Problem{}, form: "form-action 'none'"},
		{view: LoggedOut{}, form: "form-action 'none'"},
		{view: FormLost{}, form: "form-action 'none'"},
		{view: Framed{}, form: "form-action 'none'", frameable: true},
	}
	for _, tt := range tests {
		t.Run(tt.view.pageName(), func(t *testing.T) {
			got := strings.Split(CSP(tt.view), "; ")
			want := []string{"default-src 'none'", "style-src" + styleOf(tt.view).sources, "img-src data:", "base-uri 'none'", tt.form}
			if !tt.frameable {
				want = append(want, "frame-ancestors 'none'")
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// A form that the policy forbids is a button that does nothing.
func TestFormsAreAllowed(t *testing.T) {
	for _, view := range fullViews() {
		form := strings.Contains(render(t, "fr", testSite, "", view), "<form")
		if allowed := !strings.Contains(CSP(view), "form-action 'none'"); form != allowed {
			t.Errorf("%s: has a form %v, may submit %v", view.pageName(), form, allowed)
		}
	}
}

// These bytes stand in a style element, which the first </ of its own ends.
func TestStylesStayInTheirElement(t *testing.T) {
	for _, css := range []string{styleCSS, buttonCSS} {
		if i := strings.Index(strings.ToLower(css), "</style"); i >= 0 {
			t.Errorf("style closed at byte %d", i)
		}
		if strings.Contains(css, "@import") || strings.Contains(css, `url("http`) {
			t.Error("style loads from elsewhere")
		}
	}
	if !strings.Contains(buttonCSS, "#000091") || !strings.Contains(buttonCSS, ":hover { background-color: #1212ff") {
		t.Error("the official button lost its colours")
	}
}
