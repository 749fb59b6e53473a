package site_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate's logo, else its client's, is an image on every page, and a file for everybody;
// what a drawing holds runs nowhere.
func TestLogo(t *testing.T) {
	dir := t.TempDir()
	const hostile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>rect{fill:red}</style><script>alert(1)</script><rect width="9" height="9" onload="alert(2)"/></svg>`
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 30, 30))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"logo.svg": []byte(hostile), "logo.png": picture.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	site := strings.ReplaceAll(`http://localhost:{$PORT} {
	proconnect /a/* {
		allow any
	}
	proconnect /b/* {
		allow any
		logo DIR/logo.png
	}
	respond inside
}`, "DIR", dir)
	s := caddytest.Start(t, strings.Replace(caddytest.Sandbox, "environment sandbox", "environment sandbox\n logo "+dir+"/logo.svg", 1), site)
	b := s.Browser("http://localhost:{$PORT}")
	for at, want := range map[string]struct{ kind, data string }{"/a/": {"image/svg+xml", hostile}, "/b/": {"image/png", picture.String()}} {
		a := b.Visit(at)
		_, src, _ := strings.Cut(a.Text, `<img src="`)
		src, _, _ = strings.Cut(src, `"`)
		if !strings.HasPrefix(src, "/.proconnect/assets/logo-") || !strings.Contains(a.Text, `<img src="`+src+`" alt="">`) {
			t.Fatalf("%s: the page shows %q", at, src)
		}
		fileForEverybody(t, b, src)
		if f := b.Request(http.MethodGet, src, nil); f.Text != want.data || f.Header.Get("Content-Type") != want.kind || f.Header.Get("Content-Security-Policy") != "default-src 'none'; style-src 'unsafe-inline'; sandbox" {
			t.Errorf("%s: %q under %q", src, f.Header.Get("Content-Type"), f.Header.Get("Content-Security-Policy"))
		}
	}
}

// Under a site's late policy that allows scripts, a drawing that is opened by itself would
// run its own on the site's origin: a browser saves it instead. Pages show it.
func TestLogoUnderALatePolicy(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := caddytest.Start(t, caddytest.Sandbox, `http://localhost:{$PORT} {
	header {
		-Server
		Content-Security-Policy "default-src 'self' 'unsafe-inline'"
	}
	proconnect {
		allow any
		logo `+logo+`
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	_, src, _ := strings.Cut(b.Visit("/").Text, `<img src="`)
	src, _, _ = strings.Cut(src, `"`)
	a := b.Request(http.MethodGet, src, nil)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Header.Get("Content-Security-Policy"), "unsafe-inline") || a.Header.Get("Content-Disposition") != "attachment" {
		t.Errorf("%s: %d, %q under %q", src, a.StatusCode, a.Header.Get("Content-Disposition"), a.Header.Get("Content-Security-Policy"))
	}
}
