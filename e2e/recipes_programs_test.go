package e2e

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// inside returns what stands in the block of one of a recipe's sites.
func inside(t *testing.T, b doccode.Block, site string) string {
	t.Helper()
	_, body, found := strings.Cut(b.Text, site+" {\n")
	body, _, closed := strings.Cut(body, "\n}\n")
	if !found || !closed {
		t.Fatalf("the recipe has no site %s", site)
	}
	return body
}

// A page of one site calls the API of another one with the person's session, in a real
// browser: before the person has been there it hears 401, and can read that.
func TestRecipeCORS(t *testing.T) {
	recipe := doccode.Recipe(t, "CORS preflights", "caddyfile")
	const page = "	header Content-Type text/html\n	respond `<main data-page=\"app\">a page</main>` 200"
	all := sites{"app.example": page, "evil.other": page, "api.example": "	respond later"}
	s := newStack(t, rs256, all)
	app, api := s.origin("app.example"), s.origin("api.example") // with the port, which is known by now
	all["api.example"] = strings.NewReplacer("https://app.example.gouv.fr", app, "localhost:3000", "{$UPSTREAM}").Replace(inside(t, recipe, "api.example.gouv.fr"))
	s.reload(rs256, all)
	call := func(b *tab, method string) string {
		body := ""
		if method != http.MethodGet {
			body = `body: "{}", `
		}
		return eval[string](b, `fetch("`+api+`/api/x", { method: "`+method+`", credentials: "include", `+body+`headers: { "Content-Type": "application/json" } })
			.then(async (r) => r.status + " " + (await r.text()).includes("/api/x"), () => "blocked")`)
	}
	b := newPerson(t)
	b.visit(app + "/")
	b.see("app")
	for _, method := range []string{"GET", "PUT"} {
		if got := call(b, method); got != "401 false" {
			t.Errorf("%s without a session: got %q", method, got)
		}
	}
	b.enter(api+"/", "dinum")
	b.see("site")
	b.visit(app + "/")
	b.see("app")
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		if got := call(b, method); got != "200 true" {
			t.Errorf("%s with a session: got %q", method, got)
		}
	}
	if got := eval[string](b, `fetch("`+api+`/.proconnect/session", { credentials: "include" }).then((r) => "read", () => "blocked")`); got != "blocked" {
		t.Errorf("another site's page may read who the person is: %s", got)
	}
	came := s.upstream.count()
	b.visit(s.origin("evil.other") + "/")
	b.see("app")
	for _, method := range []string{"GET", "PUT"} {
		if got := call(b, method); got != "blocked" {
			t.Errorf("%s of a site that is not named: got %q", method, got)
		}
	}
	for _, seen := range s.upstream.seen[came:] {
		t.Errorf("of a site that is not named, the API heard %v", seen)
	}
}

// git itself clones and pushes through the host that has its addresses alone.
func TestRecipeGit(t *testing.T) {
	recipe := doccode.Recipe(t, "git", "caddyfile")
	dir := t.TempDir()
	forge := newForge(t, dir)
	s := newStack(t, rs256, sites{
		"git":   strings.ReplaceAll(inside(t, recipe, "git.example.gouv.fr"), "localhost:3000", forge),
		"forge": strings.ReplaceAll(inside(t, recipe, "forge.example.gouv.fr"), "localhost:3000", forge),
	})
	git := func(args ...string) error {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_SSL_NO_VERIFY=1", "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=c", "GIT_AUTHOR_EMAIL=c@example.gouv.fr", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.gouv.fr")
		out, err := cmd.CombinedOutput()
		t.Logf("git %s: %s", strings.Join(args, " "), out)
		return err
	}
	must := func(args ...string) {
		t.Helper()
		if err := git(args...); err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
	}
	with := func(user *url.Userinfo) string {
		u := &url.URL{Scheme: "https", User: user, Host: "git.localhost:" + s.port, Path: "/team/project.git"}
		return u.String()
	}
	must("init", "--bare", "-q", filepath.Join(dir, "root/team/project.git"))
	must("-C", "root/team/project.git", "config", "http.receivepack", "true")
	token := url.UserPassword("camille", "token")
	must("clone", with(token), "mine")
	writeFiles(t, dir, map[string]string{"mine/README": "hello"})
	must("-C", "mine", "add", "README")
	must("-C", "mine", "commit", "-q", "-m", "first")
	must("-C", "mine", "push", "-q", "origin", "HEAD:refs/heads/main")
	must("clone", "-q", "-b", "main", with(token), "again")
	if text, err := os.ReadFile(filepath.Join(dir, "again/README")); err != nil || string(text) != "hello" {
		t.Errorf("the clone holds %q (%v)", text, err)
	}
	if git("clone", with(nil), "nobody") == nil {
		t.Error("the forge gives the project to somebody without a token")
	}
	if got := s.send(t, http.MethodGet, s.origin("forge")+"/team/project.git/info/refs?service=git-upload-pack"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("at the gated host git hears %d", got.StatusCode)
	}
}

// newForge plays a forge with tokens: git's own server, for projects under dir/root.
func newForge(t *testing.T, dir string) (address string) {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Join(dir, "root"), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=camille", "HOME=" + dir},
	}
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, token, ok := r.BasicAuth(); !ok || token != "token" {
			w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(u.Close)
	return u.Listener.Addr().String()
}
