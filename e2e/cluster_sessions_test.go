package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCluster: two nodes over one Redis and over one PostgreSQL are one site, on good
// days and when a node or the store is gone.
func TestCluster(t *testing.T) {
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for the next look into the store
			s, b := newStore(t), newBalancer(t)
			t.Run("what a storage must do", func(t *testing.T) { testStorage(t, s) })
			p := startProvider(t, []string{b.origin()})
			for _, tt := range clusterTests {
				t.Run(tt.name, func(t *testing.T) { tt.test(t, newCluster(t, s, b, p)) })
			}
		})
	}
}

var clusterTests = []struct {
	name string
	test func(*testing.T, *cluster)
}{
	{"one session and one logout", testOneSession},
	{"the first key, made by both at once", testFirstKey},
	{"a key that is due, replaced by both at once", testRotation},
	{"the store is killed", testStoreKilled},
	{"a node is killed", testNodeKilled},
	{"a reload without the store", testReloadWithoutStore},
	{"a restart without the store", testRestartWithoutStore},
}

// A login on one node is a session on the other, and a logout there ends it here.
func testOneSession(t *testing.T, c *cluster) {
	b, cookies := c.login(t, 0, "dinum")
	c.everywhere(t, cookies, http.StatusOK)
	c.sendTo(b, 1)
	b.visit(c.balancer.origin() + "/elsewhere")
	b.see("site")
	if got := len(c.provider.journal(t, "/authorize")); got != 1 {
		t.Errorf("got %d authorization requests, want one", got)
	}
	c.logout(b, 1)
	if got := c.nodes[1].status(cookies); got != http.StatusUnauthorized {
		t.Errorf("where it was logged out: got %d", got)
	}
	c.seenOut(t, 0, cookies)
}

// Two nodes that need their first key at the same moment make one: neither makes any
// while somebody else has the lock for it.
func testFirstKey(t *testing.T, c *cluster) {
	s, file := c.store.open(t, c.room), c.keysPath()
	if err := s.Lock(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.loginsAtOnce(t)
	}()
	if within(t, time.Second, func() bool { return s.Exists(t.Context(), file) }) {
		t.Error("a key was made without the lock")
	}
	if err := s.Unlock(t.Context(), file); err != nil {
		t.Error(err)
	}
	<-done
	if _, _, keys := c.keysFile(t); len(keys) != 1 {
		t.Errorf("got %d keys, want one", len(keys))
	}
	for i := range c.nodes {
		_, cookies := c.login(t, i, "clamart")
		c.everywhere(t, cookies, http.StatusOK)
	}
}

// keysPath is where the nodes keep the keys of their client.
func (c *cluster) keysPath() string {
	sum := sha256.Sum256([]byte(c.provider.issuer + "\x00rs256"))
	return "proconnect/" + hex.EncodeToString(sum[:8]) + "/keys.json"
}

// Two nodes whose key is due at the same moment make one new key, and the old one
// opens what it has sealed.
func testRotation(t *testing.T, c *cluster) {
	_, old := c.login(t, 0, "dinum")
	c.stop()
	s, name, keys := c.keysFile(t)
	keys[0]["created"] = time.Now().Add(-31 * 24 * time.Hour)
	data, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store(t.Context(), name, data); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		n.restart()
	}
	c.everywhere(t, old, http.StatusOK)
	c.loginsAtOnce(t)
	if _, _, keys := c.keysFile(t); len(keys) != 2 {
		t.Errorf("got %d keys, want two", len(keys))
	}
	for i := range c.nodes {
		_, cookies := c.login(t, i, "clamart")
		c.everywhere(t, cookies, http.StatusOK)
	}
	c.everywhere(t, old, http.StatusOK)
}

// loginsAtOnce begins logins on both nodes at the same moment, when both know the
// provider already: to ask it takes longer than to make a key.
func (c *cluster) loginsAtOnce(t *testing.T) {
	t.Helper()
	navigation := []string{
		"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "same-origin",
		"Cookie", browserSecret("", c.balancer.host[strings.LastIndexByte(c.balancer.host, ':')+1:]),
	}
	for _, n := range c.nodes {
		n.send("/", navigation...)
	}
	var all sync.WaitGroup
	now := make(chan struct{})
	for range 4 {
		for i, n := range c.nodes {
			all.Go(func() {
				<-now
				if res := n.send("/.proconnect/login?return_to=%2F", navigation...); res.StatusCode >= http.StatusBadRequest {
					t.Errorf("node %d: got %d", i, res.StatusCode)
				}
			})
		}
	}
	close(now)
	all.Wait()
}

// Without the store whoever has a session works on and a logout holds where it was
// made; the other node sees it once the store is back.
func testStoreKilled(t *testing.T, c *cluster) {
	stays, staying := c.login(t, 0, "clamart")
	leaves, leaving := c.login(t, 0, "dinum")
	c.everywhere(t, staying, http.StatusOK) // both know the key
	c.store.kill()
	c.everywhere(t, staying, http.StatusOK)
	stays.visit(c.balancer.origin() + "/during")
	stays.see("site")
	c.logout(leaves, 0)
	if got := c.nodes[0].status(leaving); got != http.StatusUnauthorized {
		t.Errorf("where it was logged out: got %d", got)
	}
	c.store.start()
	c.seenOutAfterOutage(t, 1, leaving)
	c.everywhere(t, staying, http.StatusOK)
	_, cookies := c.login(t, 1, "private")
	c.everywhere(t, cookies, http.StatusOK)
}

// A node that was killed knows, when it is back, who logged out meanwhile: with its
// first answer.
func testNodeKilled(t *testing.T, c *cluster) {
	_, staying := c.login(t, 0, "clamart")
	leaves, leaving := c.login(t, 0, "dinum")
	c.nodes[0].crash()
	c.logout(leaves, 1)
	c.nodes[0].restart()
	c.everywhere(t, leaving, http.StatusUnauthorized)
	c.everywhere(t, staying, http.StatusOK)
	_, cookies := c.login(t, 0, "private")
	c.everywhere(t, cookies, http.StatusOK)
}
