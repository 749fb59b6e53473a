package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readHeader is what an application says that it read of the person's usual name.
type readHeader struct {
	Raw, Decoded string
	Names        []string // of all headers that it got
}

// With `percent` every server's own function gives the exact name. Without it, those
// that take headers for Latin-1 see what is kept here: it is in the documentation.
func TestHeaderValuesOnRealServers(t *testing.T) {
	dir := shortTempDir(t)
	c := newHeaderSites(t, dir)
	const name = "Zoë Müller-Œuvrard 東 %41"
	latin1 := latin1Of(name)
	for _, s := range c.servers {
		t.Run(s.name, func(t *testing.T) {
			if got := c.readAs(t, s, "percent", name); got.Decoded != name {
				t.Errorf("percent: it decodes %q to %q, want %q", got.Raw, got.Decoded, name)
			}
			want := name
			if slices.Contains([]string{"node", "flask", "uvicorn"}, s.name) {
				want = latin1
			}
			if got := c.readAs(t, s, "plain", name); got.Raw != want {
				t.Errorf("without: it reads %q, want %q", got.Raw, want)
			}
		})
	}
}

// What an identity provider says never becomes a header of its own, and never another
// line: neither by what ends lines in HTTP, nor by bytes that Python's str.splitlines
// takes for ends of lines (0x85 is a part of Å), nor percent-encoded.
func TestHostileHeaderValuesOnRealServers(t *testing.T) {
	c := newHeaderSites(t, shortTempDir(t))
	for _, s := range c.servers {
		for _, mode := range []string{"plain", "percent"} {
			t.Run(s.name+" "+mode, func(t *testing.T) {
				for _, end := range []string{"\r\n", "\n", "\r", "\u0085", "Å", "\u2028", "\x0b", "\x0c", "\x1c", "\x1e", "\x00", "%0d%0a", "%250d%250a", "嘊嘍"} {
					got := c.readAs(t, s, mode, "Zoe"+end+"X-Smuggled: 1"+end+end+"x")
					if slices.ContainsFunc(got.Names, func(n string) bool { return strings.Contains(strings.ToLower(n), "smuggled") }) {
						t.Errorf("%q: a header came through: %q", end, got.Names)
					}
					if strings.ContainsAny(got.Raw, "\r\n\x00") || !strings.HasPrefix(got.Raw, "Zoe") || !strings.Contains(got.Raw, "X-Smuggled:") {
						t.Errorf("%q: it reads %q", end, got.Raw)
					}
					if mode == "percent" && got.Raw != visibleASCII(got.Raw) {
						t.Errorf("%q: percent leaves %q", end, got.Raw)
					}
				}
			})
		}
	}
}

func visibleASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
}

// latin1Of is what becomes of a text whose bytes are taken for characters.
func latin1Of(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

// headerSites is a Caddy with two sites before each server: one that hands the identity
// on in UTF-8, and one that percent-encodes it.
type headerSites struct {
	servers []server
	ports   map[string]string // of a server and a mode
}

func newHeaderSites(t *testing.T, dir string) *headerSites {
	t.Helper()
	c := &headerSites{ports: make(map[string]string)}
	c.servers = append(c.servers, startScripted(t, dir, 1, "node", "servers/headers/node.mjs")...)
	c.servers = append(c.servers, startScripted(t, dir, 2, "/usr/bin/python3", "servers/headers/python.py")...)
	c.servers = append(c.servers, startGoHeaders(t), startPHPHeaders(t, dir))
	var b strings.Builder
	fmt.Fprintf(&b, "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tauto_https off\n\tstorage file_system %s/storage\n\tproconnect {\n\t\tenvironment sandbox\n\t}\n}\n", dir)
	for _, s := range c.servers {
		for mode, option := range map[string]string{"plain": "headers", "percent": "headers percent"} {
			port := freePort(t)
			c.ports[s.name+mode] = port
			fmt.Fprintf(&b, "http://localhost:%s {\n\tproconnect {\n\t\tallow any\n\t\t%s\n\t}\n\t%s\n}\n", port, option, s.behind)
		}
	}
	runCaddyfile(t, dir, b.String())
	return c
}

// runCaddyfile runs Caddy with a Caddyfile until the test ends.
func runCaddyfile(t *testing.T, dir, text string) *process {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", path, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	p := start(t, cmd)
	p.await(t, "serving initial configuration")
	return p
}

func startGoHeaders(t *testing.T) server {
	t.Helper()
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := readHeader{Raw: r.Header.Get("X-Proconnect-Usual-Name")}
		got.Decoded, _ = url.PathUnescape(got.Raw)
		for name := range r.Header {
			got.Names = append(got.Names, name)
		}
		_ = json.NewEncoder(w).Encode(got)
	}))
	t.Cleanup(u.Close)
	return proxied("go", u.Listener.Addr().String())
}

func startPHPHeaders(t *testing.T, dir string) server {
	t.Helper()
	root, socket := filepath.Join(dir, "php"), filepath.Join(dir, "fpm.sock")
	copyFile(t, "servers/headers/index.php", filepath.Join(root, "index.php"))
	runPHP(t, dir, socket)
	return server{name: "php", behind: fmt.Sprintf("root * %s\n\tphp_fastcgi unix/%s", root, socket)}
}

// readAs logs in at the sandbox as somebody of that usual name, and asks the server what
// it reads.
func (c *headerSites) readAs(t *testing.T, s server, mode, name string) (got readHeader) {
	t.Helper()
	body := sandboxVisit(t, "http://localhost:"+c.ports[s.name+mode], "/", url.Values{"person": {"ministry"}, "usual_name": {name}})
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return got
}

// sandboxVisit logs in at a site of the sandbox with a new browser, which speaks over
// loopback, and returns what it is shown.
func sandboxVisit(t *testing.T, origin, target string, person url.Values) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: patience, Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	form := navigateOn(t, client, http.MethodGet, origin+"/.proconnect/login?return_to="+url.QueryEscape(target), nil)
	_ = readAll(t, form)
	shown := navigateOn(t, client, http.MethodPost, form.Request.URL.String(), person)
	return readAll(t, shown)
}

// navigateOn sends what a browser sends with a click, and follows redirects and the
// small page that sets a browser's secret.
func navigateOn(t *testing.T, client *http.Client, method, address string, form url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, next, ok := strings.Cut(res.Header.Get("Refresh"), "url="); ok && method == http.MethodGet {
		_ = readAll(t, res)
		u, err := res.Request.URL.Parse(next)
		if err != nil {
			t.Fatal(err)
		}
		return navigateOn(t, client, method, u.String(), nil)
	}
	return res
}

func readAll(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
