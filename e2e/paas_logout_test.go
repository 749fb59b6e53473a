package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// With one secret and the disks of the containers, a login may pass from one container
// to another and outlives a deployment. A logout empties the browser everywhere, but a
// copy of the session that somebody kept is refused by the container that saw the
// logout alone, and by none after the next deployment: docs/deploy.md says so.
func TestPlatformLogoutOnDisks(t *testing.T) {
	p := newPlatform(t, "metabase")
	p.deploy(2)
	b := newPerson(t)
	stolen := p.loginOverTwo(t, b)
	p.wantSessions(t, "after the login", stolen, http.StatusOK, http.StatusOK)
	p.deploy(2)
	p.wantSessions(t, "after a deployment", stolen, http.StatusOK, http.StatusOK)

	p.logout(b)
	p.wantSessions(t, "after the logout", stolen, http.StatusUnauthorized, http.StatusOK)
	p.to.Store(1)
	b.visit(p.origin() + "/")
	b.see("login")
	p.deploy(2)
	p.wantSessions(t, "after the logout and a deployment", stolen, http.StatusOK, http.StatusOK)

	// Who must be out for sure gets another key, which ends every session.
	p.settings["PROCONNECT_SESSION_KEY"] = "rf6E2fXiNm1kKcO4ZsQ4yGdl2yD0gG0oJq3GZyWzH2k="
	p.deploy(2)
	p.wantSessions(t, "with another key", stolen, http.StatusUnauthorized, http.StatusUnauthorized)
}

// Over a Redis, a logout holds on every container within seconds, and after deployments.
func TestPlatformLogoutOverRedis(t *testing.T) {
	store := newRedis(t)
	p := newPlatform(t, "metabase")
	p.settings["STORAGE"], p.settings["REDIS_URL"] = "redis", "redis://stats:a-password@"+store.at
	p.deploy(2)
	b := newPerson(t)
	stolen := p.loginOverTwo(t, b)
	p.deploy(2)
	p.wantSessions(t, "after a deployment", stolen, http.StatusOK, http.StatusOK)

	p.logout(b)
	eventually(t, "the logout on the other container", func() bool {
		return p.session(t, 1, stolen) == http.StatusUnauthorized
	})
	p.wantSessions(t, "after the logout", stolen, http.StatusUnauthorized, http.StatusUnauthorized)
	p.deploy(2)
	p.wantSessions(t, "after the logout and a deployment", stolen, http.StatusUnauthorized, http.StatusUnauthorized)

	// And somebody is had out by a command in a one-off container.
	stolen = p.loginOverTwo(t, newPerson(t))
	p.wantSessions(t, "after another login", stolen, http.StatusOK, http.StatusOK)
	revoke := p.command(onceOff(t))
	revoke.Stdin = strings.NewReader("angela.durand@numerique.gouv.fr\n")
	if out, err := revoke.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range 2 {
		eventually(t, "the end of the session on each container", func() bool { return p.session(t, i, stolen) == http.StatusUnauthorized })
	}
}

// A password in a URL is encoded: the storage module wants it as it is.
func TestPlatformRedisPassword(t *testing.T) {
	for given, want := range map[string]string{
		"plain":          "plain",
		"a%40b%3A%2f%25": "a@b:/%",
		`a\x%5Cn`:        `a\x\n`,
	} {
		cmd := exec.Command("bash", "../examples/paas/start", "exec", "sh", "-c", `printf %s "$REDIS_USERNAME|$REDIS_PASSWORD|$REDIS_ADDRESS|$REDIS_TLS"`)
		cmd.Env = append(os.Environ(), "STORAGE=redis", "REDIS_URL=rediss://st%61ts:"+given+"@redis.example:6380/0")
		out, err := cmd.Output()
		if want := "stats|" + want + "|redis.example:6380|true"; err != nil || string(out) != want {
			t.Errorf("%s: got %q, want %q, %v", given, out, want, err)
		}
	}
}

// onceOff is the command of docs/deploy.md that ends somebody's sessions.
func onceOff(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile("`(\\./start exec caddy proconnect revoke [^`]+)`").FindStringSubmatch(file(t, "../docs/deploy.md"))
	if m == nil {
		t.Fatal("docs/deploy.md has no such command")
	}
	return m[1]
}

// loginOverTwo logs in on both containers: it begins on one, and ProConnect's answer
// goes to the other. It returns a copy of the session.
func (p *platform) loginOverTwo(t *testing.T, b *tab) string {
	t.Helper()
	p.to.Store(0)
	b.visit(p.origin() + "/")
	b.see("login")
	b.click(".proconnect-button")
	b.see("provider-login")
	p.to.Store(1)
	b.loginAs("dinum")
	b.see("app")
	return b.cookieHeader(p.origin() + "/")
}

// logout logs out on the first container.
func (p *platform) logout(b *tab) {
	p.t.Helper()
	p.to.Store(0)
	b.visit(p.origin() + "/")
	b.see("app")
	b.click("#logout")
	b.see("logged-out")
}

// session is what a container answers to a session.
func (p *platform) session(t *testing.T, on int, cookie string) int {
	t.Helper()
	p.to.Store(int32(on))
	return p.ask(t, "/", "Cookie", cookie).StatusCode
}

func (p *platform) wantSessions(t *testing.T, when, cookie string, want ...int) {
	t.Helper()
	for i, status := range want {
		if got := p.session(t, i, cookie); got != status {
			t.Errorf("%s, container %d: got %d to the session, want %d", when, i, got, status)
		}
	}
}
