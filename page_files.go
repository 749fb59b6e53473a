package proconnect

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// fileAt is the file of our pages at a path under the gate's; nil if there is none. What is
// not there is no file, and answered as anything else is: not to everybody.
func fileAt(h *Handler, path string) *pages.File {
	name, ok := strings.CutPrefix(path, filesPath)
	if !ok {
		return nil
	}
	return cmp.Or(pages.FileNamed(name), h.client.app.logos[name])
}

// serveFile answers with a file of our pages, to everybody: whoever meets a page, an error
// page too, has to see it as it is. It holds nothing of anybody, and its name changes
// with what it holds.
func (x *exchange) serveFile() error {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.w.Header().Set("Allow", "GET, HEAD")
		return x.problem(faultMethod, pages.Problem{HomeURL: "/"})
	}
	file := fileAt(x.gate, strings.TrimPrefix(x.url.Path, x.gate.Path))
	if file == nil {
		return x.serveNotFound()
	}
	head := x.w.Header()
	head.Set("Content-Type", file.Type)
	head.Set("Content-Security-Policy", file.CSP)
	// The site's own late policy may take the place of ours, and allow scripts. A drawing
	// that is saved and not opened runs none; pages show it all the same.
	head.Set("Content-Disposition", "attachment")
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	return write(x.w, x.r, http.StatusOK, file.Body)
}
