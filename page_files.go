package proconnect

import (
	"cmp"
	"net/http"
	"path"
	"strconv"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// filesPath is where the files of our pages are, under a gate's path.
const filesPath = "/assets/"

// serveFile answers with a file of our pages, to everybody: whoever meets a page, an error
// page too, has to see it as it is. It holds nothing of anybody, and its name changes
// with what it holds.
func (x *exchange) serveFile() error {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.w.Header().Set("Allow", "GET, HEAD")
		return x.problem(faultMethod, pages.Problem{HomeURL: "/"})
	}
	name := path.Base(x.url.Path)
	file := cmp.Or(pages.FileNamed(name), x.gate.client.app.logos[name])
	if file == nil || x.url.Path != x.gate.Path+filesPath+file.Name {
		return x.problem(faultNotFound, pages.Problem{HomeURL: "/"})
	}
	head := x.w.Header()
	head.Set("Content-Type", file.Type)
	head.Set("Content-Length", strconv.Itoa(len(file.Body)))
	head.Set("Content-Security-Policy", file.CSP)
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Robots-Tag", "noindex")
	x.w.WriteHeader(http.StatusOK)
	if x.r.Method == http.MethodHead {
		return nil
	}
	_, err := x.w.Write(file.Body)
	return err
}
