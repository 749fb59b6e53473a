package proconnect_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
)

// server is a real Caddy with the plugin, started from a Caddyfile. Caddy is one
// per process: tests that start one do not run in parallel.
type server struct {
	t       testing.TB
	Port    string // of http sites
	TLSPort string // of https sites
	dir     string
}

// globals stands in front of every Caddyfile: nothing outside of the test's own
// directory is written, and everything is logged.
const globals = `{
	admin off
	persist_config off
	storage file_system {$DIR}/storage
	skip_install_trust
	auto_https disable_redirects
	default_bind {$LOOPBACK}
	http_port {$PORT}
	https_port {$TLS_PORT}
	log {
		output file {$DIR}/log.json
		level DEBUG
	}
	$GLOBAL
}
`

// start runs Caddy with global options and sites, in which {$PORT} and
// {$TLS_PORT} are free ports and {$DIR} a directory of the test's own.
func start(t testing.TB, global, sites string) *server {
	t.Helper()
	s := &server{t: t, Port: freePort(t), TLSPort: freePort(t), dir: t.TempDir()}
	s.load(global, sites)
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fill puts the ports and the directory into a text.
func (s *server) fill(text string) string {
	return strings.NewReplacer("{$PORT}", s.Port, "{$TLS_PORT}", s.TLSPort, "{$DIR}", s.dir, "{$LOOPBACK}", loopback).Replace(text)
}

// loopback is an address of this process alone. A port that is free now may be
// another process's the next moment, and two Caddys share one without a word.
var loopback = fmt.Sprintf("127.%d.%d.%d", 1+os.Getpid()>>16&0x7f, os.Getpid()>>8&0xff, 1+os.Getpid()&0x7f)

// freePort finds a port for a server whose address must be known before it starts.
// None is given twice, and none of those that systems give to whoever asks for any,
// 32768 and above: the next to ask would get it before that server does.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + int(lastPort.Add(1)%10_000))
		if l, err := net.Listen("tcp", net.JoinHostPort(loopback, port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// lastPort counts the ports that were given.
var lastPort atomic.Uint32

// load replaces the running configuration.
func (s *server) load(global, sites string) {
	s.t.Helper()
	if err := caddy.Load(s.adapt(global, sites), true); err != nil {
		s.t.Fatal(err)
	}
}

// restart stops Caddy and starts it anew: only the storage stays.
func (s *server) restart(global, sites string) {
	s.t.Helper()
	if err := caddy.Stop(); err != nil {
		s.t.Fatal(err)
	}
	s.load(global, sites)
}

func (s *server) adapt(global, sites string) []byte {
	s.t.Helper()
	text := strings.Replace(globals, "$GLOBAL", global, 1) + sites
	text = s.fill(text)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		s.t.Fatal(err)
	}
	return config
}

// write puts a file into the test's directory and returns its path.
func (s *server) write(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// logs returns everything that was logged.
func (s *server) logs() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// browser is a client that keeps cookies, says that it navigates, and follows no
// redirect by itself.
type browser struct {
	*http.Client
	t    testing.TB
	base string
}

// browser opens a browser at a site, such as http://localhost:{$PORT}.
func (s *server) browser(site string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(addr)
			if net.ParseIP(host) == nil { // every name is this process
				addr = net.JoinHostPort(loopback, port)
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // Caddy's own authority, made a second ago
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{
		t:    s.t,
		base: s.fill(site),
		Client: &http.Client{
			Jar: jar, Transport: transport, Timeout: 20 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// answer is a response, read.
type answer struct {
	*http.Response
	Text string
}

// do sends a request as a person's navigation, but for the headers given in
// pairs; an empty value drops one.
func (b *browser) do(method, target string, form url.Values, headers ...string) answer {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.base + target
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, target, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Accept-Language", "fr-FR,fr;q=0.9")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.Do(r)
	if form == nil && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
		// Just after a reload the old configuration's listener may take a
		// connection and close it unanswered. Browsers try again, too.
		resp, err = b.Do(r)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		b.t.Fatal(err)
	}
	return answer{resp, text.String()}
}

func (b *browser) get(target string, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, target, nil, headers...)
}

// location is where a redirect leads, absolute.
func (a answer) location() string {
	u, err := a.Location()
	if err != nil {
		return ""
	}
	return u.String()
}

// page is which of our pages an answer is, with its problem's code.
func (a answer) page() string {
	_, rest, ok := strings.Cut(a.Text, `data-page="`)
	if !ok {
		return ""
	}
	name, rest, _ := strings.Cut(rest, `"`)
	if name == "problem" {
		_, rest, _ = strings.Cut(rest, `data-problem="`)
		code, _, _ := strings.Cut(rest, `"`)
		return "problem " + code
	}
	return name
}

// login logs in through the sandbox as a person of its page, with claims
// changed, and returns the answer at the end of the way.
func (b *browser) login(target string, form url.Values) answer {
	b.t.Helper()
	a := b.get("/.proconnect/login?return_to=" + url.QueryEscape(target))
	return b.authorize(a, form)
}

// authorize goes on from a redirect to the sandbox.
func (b *browser) authorize(a answer, form url.Values) answer {
	b.t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("want a redirect to ProConnect, got %d, page %q", a.StatusCode, a.page())
	}
	a = b.do(http.MethodPost, a.location(), form)
	return b.follow(a)
}

// follow goes where redirects lead.
func (b *browser) follow(a answer) answer {
	b.t.Helper()
	for range 10 {
		if a.StatusCode != http.StatusSeeOther {
			return a
		}
		a = b.get(a.location())
	}
	b.t.Fatal("redirected in a loop")
	return a
}
