package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Files of every size arrive whole behind a gate, in every protocol, asked for whole,
// in part or for their headers alone.
func TestFilesArriveWhole(t *testing.T) {
	s := caddytest.New(t)
	sizes := []int{0, 1, 511, 512, 513, 2048, 4096, 32<<10 - 1, 32 << 10, 32<<10 + 1, 300_000}
	content := make(map[int]string)
	for _, size := range sizes {
		var b strings.Builder
		for line := 0; b.Len() < size; line++ {
			fmt.Fprintf(&b, "line %d of %d\n", line, size)
		}
		content[size] = b.String()[:size]
		s.Write("site/"+strconv.Itoa(size)+".txt", content[size])
	}
	s.Run(caddytest.Sandbox, `
https://localhost:{$TLS_PORT} {
	tls internal
	root {$DIR}/site
	proconnect {
		allow any
	}
	file_server
}
http://localhost:{$PORT} {
	root {$DIR}/site
	proconnect {
		allow any
	}
	file_server
}`)
	plain, secure := s.Browser("http://localhost:{$PORT}"), s.Browser("https://localhost:{$TLS_PORT}")
	browsers := map[string]*caddytest.Browser{"http": plain}
	for _, b := range []*caddytest.Browser{plain, secure} {
		if a := b.Login("/1.txt", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
			t.Fatalf("the login ended at %d, page %q", a.StatusCode, a.Page())
		}
	}
	for _, protocol := range caddytest.Protocols {
		browsers["https "+protocol] = s.Speaking(t, secure, protocol)
	}
	for name, b := range browsers {
		t.Run(name, func(t *testing.T) {
			b := b.For(t)
			for _, size := range sizes {
				path, body := "/"+strconv.Itoa(size)+".txt", content[size]
				wantBody(t, b.Visit(path), http.StatusOK, body)
				wantBody(t, b.Request(http.MethodHead, path, nil), http.StatusOK, "")
				if size < 512 {
					continue
				}
				wantBody(t, b.Visit(path, "Range", "bytes=100-399"), http.StatusPartialContent, body[100:400])
				a := b.Visit(path, "Range", "bytes=0-9,200-299")
				if a.StatusCode != http.StatusPartialContent || !strings.Contains(a.Text, body[:10]) || !strings.Contains(a.Text, body[200:300]) {
					t.Errorf("two parts of %s: %d, %d bytes", path, a.StatusCode, len(a.Text))
				}
			}
		})
	}
}

func wantBody(t *testing.T, a caddytest.Answer, status int, body string) {
	t.Helper()
	if a.StatusCode != status || a.Text != body {
		t.Errorf("%s %s: %d with %d bytes, want %d with %d", a.Request.Method, a.Request.URL.Path, a.StatusCode, len(a.Text), status, len(body))
	}
	wantPrivate(t, a)
}
