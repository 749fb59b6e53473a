package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"golang.org/x/text/language"
)

//go:embed pages
var files embed.FS

var (
	pages = template.Must(template.ParseFS(files, "pages/*.html"))
	style = func() string {
		css, _ := files.ReadFile("pages/style.css")
		return string(css)
	}()
	styleHash = func() string {
		sum := sha256.Sum256([]byte(style))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// languages are those of the pages; the first is for everybody else.
var languages = language.NewMatcher([]language.Tag{language.French, language.English})

// view is what a page shows.
type view struct {
	Lang      string
	Style     template.CSS
	Err       error  // why not; nil if all is well
	Next      string // a relative link that leads on
	LoggedOut bool
	*loginView
}

// T picks the text in the page's language.
func (v *view) T(fr, en string) string {
	if v.Lang == "en" {
		return en
	}
	return fr
}

// setHeaders are on every answer to a browser. The pages load nothing, run
// nothing, and cannot be framed.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(""))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex")
}

// policy lets the form lead to the given origin too: browsers apply form-action
// to the redirect that answers the form.
func policy(origin string) string {
	return "default-src 'none'; style-src " + styleHash + "; img-src data:; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action 'self'" + origin
}

// show renders a page. HEAD gets the headers alone.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, page string, v *view) {
	tag, _ := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	base, _ := tag.Base()
	v.Lang = base.String()
	v.Style = template.CSS(style)
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, page, v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // the browser may be gone
	}
}

// fail shows an error page of our own: where the real server does not send the
// browser back either.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	s.show(w, r, status, "message", &view{Err: err})
}
