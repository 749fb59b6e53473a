package upstream

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// PrivateWriter makes the caching headers of a response private at the last
// moment, when the site or the upstream has set them.
type PrivateWriter struct {
	caddyhttp.ResponseWriterWrapper
	page bool // a person will look at the response, and may come Back to it
	done bool

	// Before, where set, is called before the headers of the response are sent.
	Before func()
}

// Wrap has the writer write to another, and says whether it is a page's.
func (w *PrivateWriter) Wrap(to http.ResponseWriter, page bool) {
	w.ResponseWriter, w.page = to, page
}

// WriteHeader makes the headers private, then sends them.
func (w *PrivateWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.seal()
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write makes the headers private before it sends them.
func (w *PrivateWriter) Write(b []byte) (int, error) {
	w.seal()
	return w.ResponseWriterWrapper.Write(b)
}

// ReadFrom makes the headers private before it sends them.
func (w *PrivateWriter) ReadFrom(r io.Reader) (int64, error) {
	w.seal()
	if isSmall(r) {
		return copySmall(w.ResponseWriter, r)
	}
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError makes the headers private before it sends them.
func (w *PrivateWriter) FlushError() error {
	w.seal()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *PrivateWriter) seal() {
	if w.done {
		return
	}
	w.done = true
	if w.Before != nil {
		w.Before()
	}
	MakePrivate(w.Header(), w.page)
}

// MakePrivate rewrites Cache-Control (RFC 9111 §5.2.2): private, and fresh only
// as long as the site itself says. The headers by which some caches override
// Cache-Control (RFC 9213) go.
//
// A page is not stored at all unless the site says for how long it stays fresh.
// After a logout, Back would bring it up again: Firefox keeps whole pages in
// memory and, of those that a login led to, drops none for Clear-Site-Data
// (measured in 153). A page that says no-store it does not keep.
func MakePrivate(h http.Header, page bool) {
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
