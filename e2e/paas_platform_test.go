package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// platform plays a platform as a service: it builds a release of examples/paas, starts
// containers of it, each with a port and a disk of its own that was empty, and sends
// browsers to them through a router that ends TLS.
type platform struct {
	t          *testing.T
	release    string // a folder
	settings   map[string]string
	containers []*container
	provider   *provider
	host       string       // of the site, with the port
	to         atomic.Int32 // which container the router sends everybody to
}

// newPlatform builds a release of a variant, and starts nothing of it yet.
func newPlatform(t *testing.T, variant string) *platform {
	t.Helper()
	p := &platform{t: t, release: serverDir(t)}
	router := httptest.NewTLSServer(p)
	t.Cleanup(router.Close)
	p.host = "stats.localhost:" + strings.TrimPrefix(router.URL, "https://127.0.0.1:")
	p.provider = startProvider(t, []string{p.origin()})
	p.build(variant)
	p.settings = map[string]string{
		"PROCONNECT_ISSUER":        p.provider.issuer,
		"PROCONNECT_CLIENT_ID":     "rs256",
		"PROCONNECT_CLIENT_SECRET": secretOf("rs256"),
		"PROCONNECT_SESSION_KEY":   "ypD7ARfFWUeCC3SKtdlpLuH+Q6hP0Rz8sJ1yNkgm2xE=",
		"ORIGIN":                   p.origin(),
		"ALLOWED_SIREN":            "110020013 130025265",
		"CONTACT":                  "support@example.gouv.fr",
	}
	return p
}

func (p *platform) origin() string { return "https://" + p.host }

// clientAddress is what the router says that everybody comes from.
const clientAddress = "203.0.113.7"

// ServeHTTP is the router: it passes a request on with the Host it came with, and adds
// to the X-Forwarded headers what it saw.
func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.RemoteAddr = clientAddress + ":1234"
	port := p.containers[p.to.Load()].port
	proxy := httputil.ReverseProxy{Rewrite: func(out *httputil.ProxyRequest) {
		out.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port})
		out.Out.Host = out.In.Host
		out.Out.Header["X-Forwarded-For"] = out.In.Header["X-Forwarded-For"]
		out.SetXForwarded()
	}}
	proxy.ServeHTTP(w, r)
}

// paasBinary is Caddy as the Go buildpack makes it of the example, with the storage of
// these tests where the example names the public one.
var paasBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "e2e-paas-")
	if err != nil {
		return "", err
	}
	main, err := os.ReadFile("../examples/paas/main.go")
	if err != nil {
		return "", err
	}
	const public = `// For STORAGE=redis: _ "github.com/pberkel/caddy-storage-redis"`
	main = bytes.Replace(main, []byte(public), []byte(`_ "github.com/caddy-proconnect/caddy-proconnect/e2e/storage"`), 1)
	mod, err := os.ReadFile("../examples/paas/go.mod")
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return "", err
	}
	for _, m := range [][2]string{{"", root}, {"/e2e", root + "/e2e"}} {
		module := "github.com/caddy-proconnect/caddy-proconnect" + m[0]
		mod = fmt.Appendf(mod, "\nrequire %s v0.0.0\nreplace %[1]s => %s\n", module, m[1])
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	for name, text := range map[string][]byte{"main.go": main, "go.mod": mod, "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	cmd := exec.Command("go", "build", "-mod=mod", "-o", "bin/caddy", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build of examples/paas: %w\n%s", err, out)
	}
	return filepath.Join(dir, "bin/caddy"), nil
})

// build lays a release out as docs/deploy.md says: what all variants share beside the
// variant's own files. Two lines differ: which ProConnect it is, and that a container
// shares the loopback interface with others.
func (p *platform) build(variant string) {
	p.t.Helper()
	binary, err := paasBinary()
	if err != nil {
		p.t.Fatal(err)
	}
	shared := os.DirFS("../examples/paas")
	own := os.DirFS("../examples/paas/" + variant)
	if err := os.CopyFS(p.release, own); err != nil {
		p.t.Fatal(err)
	}
	p.copy(shared, "start", "storage/disk", "storage/redis")
	p.edit("Caddyfile", "environment {$PROCONNECT_ENVIRONMENT}", "issuer {$PROCONNECT_ISSUER}")
	p.edit("Caddyfile", "\tadmin off\n", "\tadmin off\n\tdefault_bind 127.0.0.1\n")
	redis, _, _ := strings.Cut(p.read("storage/redis"), "storage redis {")
	p.write("storage/redis", redis+"storage e2e_redis \"{$REDIS_ADDRESS}\" \"{$REDIS_USERNAME}\"\n")
	if err := os.Mkdir(filepath.Join(p.release, "bin"), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(p.release, "bin/caddy")); err != nil {
		p.t.Fatal(err)
	}
	app, err := filepath.Abs("paas/app.mjs")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, name := range []string{"start", "n8n"} { // bin/start is Metabase's
		p.write("bin/"+name, "#!/bin/sh\nexec node "+app+"\n")
	}
}

func (p *platform) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.release, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *platform) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.release, name), []byte(text), 0o700); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces what is in a file once.
func (p *platform) edit(name, from, to string) {
	p.t.Helper()
	text := p.read(name)
	if strings.Count(text, from) != 1 {
		p.t.Fatalf("%s: want %q once", name, from)
	}
	p.write(name, strings.Replace(text, from, to, 1))
}

// copy copies files of the example into the release.
func (p *platform) copy(from fs.FS, names ...string) {
	p.t.Helper()
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			p.t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(p.release, name)), 0o700); err != nil {
			p.t.Fatal(err)
		}
		p.write(name, string(text))
	}
}
