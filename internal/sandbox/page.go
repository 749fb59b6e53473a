package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// style and icon are what the pages load: nothing stands in them that a policy of the
// site's own, put over ours, could forbid.
var (
	style = newAsset("style", ".css", "text/css; charset=utf-8")
	icon  = newAsset("icon", ".svg", "image/svg+xml")
)

// asset is a file under a name that holds a digest of its bytes.
type asset struct {
	name, contentType string
	body              []byte
}

func newAsset(stem, extension, contentType string) asset {
	body, err := files.ReadFile("pages/" + stem + extension)
	if err != nil {
		panic(err) // it is part of the program
	}
	sum := sha256.Sum256(body)
	return asset{stem + "-" + hex.EncodeToString(sum[:8]) + extension, contentType, body}
}

// serve answers with the file, for ever.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the browser may be gone
	}
}

// languages are those of the pages; the first is for everybody else.
var languages = language.NewMatcher([]language.Tag{language.French, language.English})

// view is what a page shows.
type view struct {
	Lang      string
	Style     string // relative links, as all are
	Icon      string
	Err       error  // why not; nil if all is well
	Next      string // a relative link that leads on
	Leaving   string // where the page goes on to by itself
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

// Breakable lets an address break where a reader would, and not inside a name.
func (*view) Breakable(address string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(address), "@", "@<wbr>"))
}

// setHeaders are on every answer to a browser. The pages load nothing, run
// nothing, and cannot be framed.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex")
}

// policy lets the pages load their own style and icon, and their forms lead to the site.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; form-action 'self'"

// show renders a page. HEAD gets the headers alone.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, page string, v *view) {
	tag, _ := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	base, _ := tag.Base()
	v.Lang = base.String()
	v.Style, v.Icon = style.name, icon.name
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
