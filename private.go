package proconnect

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// goOn runs what stands behind the gate, with a response that is kept private.
func (v *visit) goOn(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(v.keepPrivate(w), r)
	if err != nil {
		// The page of an error is written past our writer, and may name the person.
		makePrivate(w.Header())
	}
	return err
}

// keepPrivate wraps the response writer so that no shared cache keeps what only
// some may see. It wraps once, however many gates a request passes.
func (v *visit) keepPrivate(w http.ResponseWriter) http.ResponseWriter {
	if v.wrapped {
		return w
	}
	v.wrapped = true
	v.writer.ResponseWriter = w
	return &v.writer
}

// privateWriter makes the caching headers of a response private at the last
// moment, when the site or the upstream has set them.
type privateWriter struct {
	caddyhttp.ResponseWriterWrapper
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
	makePrivate(w.Header())
}

// makePrivate rewrites Cache-Control (RFC 9111 §5.2.2): private, and fresh only
// as long as the site itself says. The headers by which some caches override
// Cache-Control (RFC 9213) go.
func makePrivate(h http.Header) {
	for name := range h {
		if name == "Surrogate-Control" || name == "X-Accel-Expires" || name == "Edge-Control" || strings.HasSuffix(name, "-Cache-Control") {
			delete(h, name)
		}
	}
	values := h["Cache-Control"]
	if len(values) == 0 {
		h["Cache-Control"] = []string{"private, no-cache"}
		return
	}
	kept := "private"
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		directive = strings.TrimSpace(directive)
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		switch strings.TrimSpace(name) {
		case "", "public", "private", "s-maxage", "proxy-revalidate":
			continue
		}
		kept += ", " + directive
	}
	if kept == "private" {
		kept = "private, no-cache"
	}
	h["Cache-Control"] = []string{kept}
}
