package e2e

import (
	"net/http"
	"testing"
)

// A configuration that is loaded while the store is down goes on with what the process
// knew, though its connections are its own: nobody who is logged in notices, nobody who
// logged out gets in, and who logs out then is out everywhere once the store is back.
func testReloadWithoutStore(t *testing.T, c *cluster) {
	stays, staying := c.login(t, 0, "clamart")
	leaves, leaving := c.login(t, 0, "dinum")
	later, leavingLater := c.login(t, 0, "private")
	c.everywhere(t, staying, http.StatusOK) // both know the key
	c.logout(leaves, 0)
	c.seenOut(t, 1, leaving)
	c.store.kill()
	for _, n := range c.nodes {
		n.reload()
	}
	c.everywhere(t, staying, http.StatusOK)
	c.everywhere(t, leaving, http.StatusUnauthorized)
	stays.visit(c.balancer.origin() + "/during")
	stays.see("site")
	c.logout(later, 0)
	if got := c.nodes[0].status(leavingLater); got != http.StatusUnauthorized {
		t.Errorf("where it was logged out: got %d", got)
	}
	c.store.start()
	c.seenOutAfterOutage(t, 1, leavingLater)
	c.everywhere(t, staying, http.StatusOK)
	c.everywhere(t, leaving, http.StatusUnauthorized)
	_, cookies := c.login(t, 1, "private")
	c.everywhere(t, cookies, http.StatusOK)
}

// A node that starts while the store is down knows neither the keys nor who logged out:
// it asks whoever comes with a session to come back, until it has read the store.
func testRestartWithoutStore(t *testing.T, c *cluster) {
	_, staying := c.login(t, 0, "clamart")
	leaves, leaving := c.login(t, 0, "dinum")
	c.logout(leaves, 0)
	c.seenOut(t, 1, leaving)
	c.store.kill()
	c.nodes[0].crash()
	c.nodes[0].restart()
	for who, cookies := range map[string]string{"who has a session": staying, "who logged out": leaving} {
		res := c.nodes[0].send("/", "Cookie", cookies)
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d, Retry-After %q", who, res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	if got := c.nodes[1].status(staying); got != http.StatusOK {
		t.Errorf("on the node that went on: got %d", got)
	}
	c.store.start()
	if !within(t, patience, func() bool { return c.nodes[0].status(staying) == http.StatusOK }) {
		t.Errorf("the session does not come back: got %d", c.nodes[0].status(staying))
	}
	c.everywhere(t, leaving, http.StatusUnauthorized)
}
