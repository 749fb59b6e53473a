package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

// cluster is two nodes with one storage behind a balancer, which people see as one
// site.
type cluster struct {
	t        *testing.T
	store    *store
	room     string // of the store
	balancer *balancer
	provider *provider
	upstream *upstream
	nodes    [2]*node
}

// node is one Caddy of a cluster.
type node struct {
	*process
	c         *cluster
	dir, port string
}

// balancer sends a browser to the node of its cookie, which /to/0 and /to/1 set.
type balancer struct {
	host  string // with the port
	ports [2]atomic.Pointer[string]
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := new(balancer)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.host = "docs.localhost:" + u.Port()
	return b
}

func (b *balancer) origin() string { return "http://" + b.host }

// ServeHTTP passes a request on as it came.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if to, ok := strings.CutPrefix(r.URL.Path, "/to/"); ok {
		http.SetCookie(w, &http.Cookie{Name: "node", Value: to, Path: "/"})
		fmt.Fprintf(w, `<!doctype html><title>to</title><main data-page="to-%s"></main>`, to)
		return
	}
	chosen := 0
	if cookie, err := r.Cookie("node"); err == nil && cookie.Value == "1" {
		chosen = 1
	}
	port := *b.ports[chosen].Load()
	proxy := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port})
		p.Out.Host = p.In.Host
	}}
	proxy.ServeHTTP(w, r)
}

// newCluster makes two nodes, and starts them.
func newCluster(t *testing.T, s *store, b *balancer, p *provider) *cluster {
	t.Helper()
	room := strings.ToLower(strings.NewReplacer("/", "-", ",", "").Replace(t.Name()))
	c := &cluster{t: t, store: s, room: room, balancer: b, provider: p, upstream: newUpstream(t)}
	for i := range c.nodes {
		c.nodes[i] = &node{c: c, dir: serverDir(t), port: freePort(t)}
		b.ports[i].Store(&c.nodes[i].port)
		c.nodes[i].write()
		c.nodes[i].begin()
	}
	for _, n := range c.nodes {
		n.await(t, "serving initial configuration")
	}
	t.Cleanup(c.checkLogs)
	return c
}

// write writes the node's Caddyfile. It says nothing of certificates: with an authority of
// its own Caddy itself neither starts nor reloads while the storage is down.
func (n *node) write() {
	n.c.t.Helper()
	text := fmt.Sprintf(`{
	admin unix//%s/admin.sock
	default_bind 127.0.0.1
	storage e2e_%s %q %q
	log {
		output stderr
		format json
	}
	proconnect {
		issuer %s
		client_id rs256
		client_secret %s
	}
}
http://docs.localhost:%s {
	proconnect {
		origin %s
		allow any
		headers
	}
	reverse_proxy %s
}
`, n.dir, n.c.store.kind, n.c.store.at, n.c.room, n.c.provider.issuer, secretOf("rs256"), n.port, n.c.balancer.origin(), n.c.upstream.address)
	if err := os.WriteFile(n.caddyfile(), []byte(text), 0o600); err != nil {
		n.c.t.Fatal(err)
	}
}

func (n *node) caddyfile() string { return filepath.Join(n.dir, "Caddyfile") }

// begin starts a node without waiting for it.
func (n *node) begin() {
	n.c.t.Helper()
	n.process = start(n.c.t, n.command("run"))
}

// restart starts a node that has ended.
func (n *node) restart() {
	n.c.t.Helper()
	n.begin()
	n.await(n.c.t, "serving initial configuration")
}

// reload has a node load its configuration anew.
func (n *node) reload() {
	n.c.t.Helper()
	if out, err := n.command("reload", "--force", "--address", "unix//"+n.dir+"/admin.sock").CombinedOutput(); err != nil {
		n.c.t.Fatalf("reload: %v\n%s", err, out)
	}
}

func (n *node) command(verb string, further ...string) *exec.Cmd {
	n.c.t.Helper()
	binary, err := clusterBinary()
	if err != nil {
		n.c.t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{verb, "--config", n.caddyfile(), "--adapter", "caddyfile"}, further...)...)
	cmd.Env = append(os.Environ(), "HOME="+n.dir, "XDG_DATA_HOME="+n.dir, "XDG_CONFIG_HOME="+n.dir)
	return cmd
}

// status is what the node answers a program with these cookies.
func (n *node) status(cookies string) int {
	n.c.t.Helper()
	return n.send("/", "Cookie", cookies).StatusCode
}

// send sends a request to this node, past the balancer.
func (n *node) send(path string, header ...string) *http.Response {
	n.c.t.Helper()
	ctx, cancel := context.WithTimeout(n.c.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+n.port+path, nil)
	if err != nil {
		n.c.t.Fatal(err)
	}
	r.Host = n.c.balancer.host
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		n.c.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// visitor opens a browser that the balancer sends to one node.
func (c *cluster) visitor(t *testing.T, node int) *tab {
	t.Helper()
	b := newPerson(t)
	c.sendTo(b, node)
	return b
}

func (c *cluster) sendTo(b *tab, node int) {
	b.t.Helper()
	b.visit(fmt.Sprintf("%s/to/%d", c.balancer.origin(), node))
}

// login logs somebody in on one node, and returns the browser and its cookies.
func (c *cluster) login(t *testing.T, node int, person string) (b *tab, cookies string) {
	t.Helper()
	b = c.visitor(t, node)
	home := c.balancer.origin() + "/"
	b.enter(home, person)
	b.see("site")
	return b, b.cookieHeader(home)
}

// logout logs a browser out on one node.
func (c *cluster) logout(b *tab, node int) {
	b.t.Helper()
	c.sendTo(b, node)
	b.visit(c.balancer.origin() + "/")
	b.see("site")
	b.click("#logout")
	b.see("logged-out")
}

// everywhere wants a status of both nodes.
func (c *cluster) everywhere(t *testing.T, cookies string, want int) {
	t.Helper()
	for i, n := range c.nodes {
		if got := n.status(cookies); got != want {
			t.Errorf("node %d: got %d, want %d", i, got, want)
		}
	}
}

// pollTime is how long a node is waited for that is to see what another has written. It
// asks the storage every five seconds, to which TestNodesLookAtTimesOfTheirOwn holds it by
// a clock of its own; the rest is for this machine.
const pollTime = 30 * time.Second

// seenOut wants a node to see a logout in its time.
func (c *cluster) seenOut(t *testing.T, node int, cookies string) {
	t.Helper()
	c.seenOutWithin(t, pollTime, node, cookies)
}

// seenOutAfterOutage wants a node to see a logout that the store would not take when it
// was asked: the one node writes it when it looks into the store, and the other one may
// have looked a moment before.
func (c *cluster) seenOutAfterOutage(t *testing.T, node int, cookies string) {
	t.Helper()
	c.seenOutWithin(t, 2*pollTime, node, cookies)
}

func (c *cluster) seenOutWithin(t *testing.T, limit time.Duration, node int, cookies string) {
	t.Helper()
	if !within(t, limit, func() bool { return c.nodes[node].status(cookies) == http.StatusUnauthorized }) {
		t.Errorf("node %d: the session lives %v after the logout", node, limit)
	}
}

// keysFile returns the storage of the nodes, and the keys in it.
func (c *cluster) keysFile(t *testing.T) (s certmagic.Storage, name string, keys []map[string]any) {
	t.Helper()
	s, name = c.store.open(t, c.room), c.keysPath()
	data, err := s.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	return s, name, keys
}

// stop ends both nodes in order.
func (c *cluster) stop() {
	for _, n := range c.nodes {
		n.process.stop()
	}
}

func (n *node) crash() { n.process.kill(syscall.SIGKILL) }

// checkLogs holds the nodes' logs to what no log may hold.
func (c *cluster) checkLogs() {
	for _, n := range c.nodes {
		if found := secrets.FindString(n.lines.String()); found != "" {
			c.t.Errorf("the log holds %q", found)
		}
	}
}
