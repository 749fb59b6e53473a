package pages

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
)

//go:embed templates/style.css
var styleCSS string

//go:embed templates/button.css
var buttonCSS string

// style is what a page looks like: its style elements, and the sources that
// allow exactly these in its Content-Security-Policy (CSP level 3 section 2.3.1).
type style struct {
	elements template.HTML
	sources  string
}

var (
	commonStyle = newStyle(styleCSS)
	// Only the login page carries the official button, which is large.
	loginStyle = newStyle(styleCSS, buttonCSS)
)

// newStyle makes the elements and their hashes from the same bytes.
func newStyle(sheets ...string) style {
	var elements, sources strings.Builder
	for _, css := range sheets {
		elements.WriteString("<style>" + css + "</style>\n")
		sum := sha256.Sum256([]byte(css))
		sources.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	}
	return style{template.HTML(elements.String()), sources.String()}
}

func styleOf(view View) style {
	if _, ok := view.(Login); ok {
		return loginStyle
	}
	return commonStyle
}

// CSP returns the Content-Security-Policy of the page of view.
func CSP(view View) string {
	policy := "default-src 'none'; style-src" + styleOf(view).sources + "; img-src data:; base-uri 'none'; form-action " + formAction(view)
	if _, ok := view.(Framed); ok {
		// This page is the answer inside somebody's frame. All it holds is a
		// link that leaves the frame.
		return policy
	}
	return policy + "; frame-ancestors 'none'"
}

// formAction says where the forms of a page may lead. Browsers apply it to the
// redirects after a submission too, and ours leave for ProConnect, which goes on
// to an identity provider of any name: 'self' alone breaks the login. The
// loopback names are those of a provider under test.
func formAction(view View) string {
	switch view.(type) {
	case Login, Logout:
		return "'self' https: http://localhost:* http://127.0.0.1:*"
	}
	return "'none'"
}
