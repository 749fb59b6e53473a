package proconnect

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// goOn runs what stands behind the gate, with a response that is kept private.
func (v *visit) goOn(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(v.keepPrivate(w, r), r)
	if err != nil {
		// The page of an error is written past our writer, and may name the person.
		makePrivate(w.Header(), v.keepsPage(r))
	}
	return err
}

// keepPrivate wraps the response writer so that no shared cache keeps what only
// some may see. It wraps once, however many gates a request passes.
func (v *visit) keepPrivate(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if v.wrapped {
		return w
	}
	v.wrapped = true
	v.writer.ResponseWriter, v.writer.page = w, v.keepsPage(r)
	return &v.writer
}

// privateWriter makes the caching headers of a response private at the last
// moment, when the site or the upstream has set them.
type privateWriter struct {
	caddyhttp.ResponseWriterWrapper
	page bool // a person will look at the response, and may come Back to it
	done bool
}

// WriteHeader makes the headers private, then sends them.
func (w *privateWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.seal()
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write makes the headers private before it sends them.
func (w *privateWriter) Write(b []byte) (int, error) {
	w.seal()
	return w.ResponseWriterWrapper.Write(b)
}

// ReadFrom makes the headers private before it sends them.
func (w *privateWriter) ReadFrom(r io.Reader) (int64, error) {
	w.seal()
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError makes the headers private before it sends them.
func (w *privateWriter) FlushError() error {
	w.seal()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *privateWriter) seal() {
	if w.done {
		return
	}
	w.done = true
	makePrivate(w.Header(), w.page)
}

// keepsPage says whether the response may show somebody who is logged in a page,
// to which Back would lead after the logout.
func (v *visit) keepsPage(r *http.Request) bool {
	if v.session.isZero() {
		return false
	}
	if mode, ok := r.Header["Sec-Fetch-Mode"]; ok {
		return mode[0] == "navigate" || remadeNavigation(r)
	}
	return acceptsHTML(r)
}

// makePrivate rewrites Cache-Control (RFC 9111 §5.2.2): private, and fresh only
// as long as the site itself says. The headers by which some caches override
// Cache-Control (RFC 9213) go.
//
// A page is not stored at all unless the site says for how long it stays fresh.
// After a logout, Back would bring it up again: Firefox keeps whole pages in
// memory and, of those that a login led to, drops none for Clear-Site-Data
// (measured in 153). A page that says no-store it does not keep.
func makePrivate(h http.Header, page bool) {
	for name := range h {
		if name == "Surrogate-Control" || name == "X-Accel-Expires" || name == "Edge-Control" || strings.HasSuffix(name, "-Cache-Control") {
			delete(h, name)
		}
	}
	values := h["Cache-Control"]
	if len(values) == 0 && !page {
		h["Cache-Control"] = []string{"private, no-cache"}
		return
	}
	kept, fresh, stored := "private", false, true
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		directive = strings.TrimSpace(directive)
		name, value, _ := strings.Cut(strings.ToLower(directive), "=")
		switch strings.TrimSpace(name) {
		case "", "public", "private", "s-maxage", "proxy-revalidate":
			continue
		case "no-store":
			stored = false
		case "max-age":
			fresh = fresh || strings.Trim(value, `"0 `) != ""
		}
		kept += ", " + directive
	}
	switch {
	case page && stored && !fresh:
		kept += ", no-store"
	case kept == "private":
		kept = "private, no-cache"
	}
	h["Cache-Control"] = []string{kept}
}
