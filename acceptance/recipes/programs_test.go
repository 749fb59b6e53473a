package recipes_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// A password's hash, and what sends the password "secret" of robot, camille and team.
const (
	hash        = "$2a$04$9eOJGQ0o2DRg4bNlBzZ4P.VcLzmBGJ72FSKckmkl19UsyVTmoV1Ha"
	robotSays   = "Basic cm9ib3Q6c2VjcmV0"
	camilleSays = "Basic Y2FtaWxsZTpzZWNyZXQ="
	teamSays    = "Basic dGVhbTpzZWNyZXQ="
)

// around are ways to write an address that a careless exemption of prefix lets through to
// what is beside it.
func around(prefix string) []string {
	inside := strings.TrimSuffix(prefix, "/")
	return []string{
		inside + "/../admin", inside + "/%2e%2e/admin", inside + "/..%2fadmin", inside + "%2f..%2fadmin", inside + "/..;/admin", inside + "/%252e%252e/admin",
		inside + ";/admin", inside + ";x=y/../admin", inside + "\\..\\admin", inside + "%5c..%5cadmin", "/x/.." + inside + "/../admin", "/." + inside + "/../admin",
		"//" + inside[1:] + "/../admin", strings.ToUpper(inside) + "/x", inside + "%00/x", inside + "/%2e%2e%2fadmin", "/admin?" + inside + "/x", "/admin;" + inside + "/x",
		"/index.php" + inside + "/x", "/(S(x))" + inside + "/x", inside + "%3b/../admin", "/admin%3f" + inside + "/x", "/admin%23" + inside + "/x",
	}
}

// wantShut asks as a stranger, with some headers beside: each address is refused, and
// nothing of it reaches the site.
func wantShut(t *testing.T, s *caddytest.Server, up *caddytest.Upstream, host, head string, targets ...string) {
	t.Helper()
	for _, target := range targets {
		calls := up.Calls.Load()
		a := s.Raw(caddytest.Loopback+":"+s.Port, "GET "+target+" HTTP/1.1\r\nHost: "+host+".example.gouv.localhost:{$PORT}\r\nConnection: close\r\n"+head+"\r\n")
		if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusBadRequest || up.Calls.Load() != calls {
			t.Errorf("%s%s: got %d, and the site was asked %d times", host, target, a.StatusCode, up.Calls.Load()-calls)
		}
	}
}

func TestProgramsBesidePeople(t *testing.T) {
	t.Setenv("ROBOT_HASH", hash)
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Programs beside people", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("tools"))
	program := b.Send(http.MethodPost, "/api/x", http.Header{"Authorization": {robotSays}, "X-User": {"forged"}}).Received(t)
	if program.Header.Get("X-Program") != "robot" || program.Header["X-User"] != nil || program.Header["Authorization"] != nil {
		t.Errorf("of a program, the site hears %v", program.Header)
	}
	basic := b.Send(http.MethodGet, "/api/x", nil)
	if basic.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(basic.Header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("a program without a password: got %d %v", basic.StatusCode, basic.Header)
	}
	wantShut(t, s, up, "tools", "", append(around("/api/"), "/", "/api", "/apix", "/API/x", "/api%2fx")...)
	// A password is none for what is the people's.
	wantShut(t, s, up, "tools", "Authorization: "+robotSays+"\r\n", append(around("/api/"), "/", "/admin")...)

	person := b.Login("/x", form("ministry")).Received(t)
	if person.Header.Get("X-User") == "" {
		t.Errorf("of a person, the site hears %v", person.Header)
	}
	forged := b.Visit("/x", "X-Program", "robot", "Authorization", robotSays).Received(t)
	if forged.Header["X-Program"] != nil || forged.Header.Get("X-User") != person.Header.Get("X-User") {
		t.Errorf("of a person who says to be a program, the site hears %v", forged.Header)
	}
	wantStatus(t, "a session where programs are", b.Visit("/api/x"), http.StatusUnauthorized)
}

func TestHealthProbe(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Health probes", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("docs"))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		wantStatus(t, method+" /healthz", b.Send(method, "/healthz", nil), http.StatusOK)
	}
	wantShut(t, s, up, "docs", "", append(around("/healthz"), "/", "/healthz/", "/healthz/x", "/healthz;x", "/healthz.json", "/HEALTHZ", "/x/healthz", "/healthzz")...)
}

func TestCORSPreflights(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "CORS preflights", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("api"))
	page := s.Fill(site("app"))
	preflight := http.Header{"Origin": {page}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"}}
	a := b.Send(http.MethodOptions, "/api/x", preflight)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": page, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Headers": "Content-Type",
	} {
		if a.StatusCode != http.StatusNoContent || a.Header.Get(name) != want || a.Text != "" {
			t.Errorf("a preflight: got %d, %s: %q, body %q", a.StatusCode, name, a.Header.Get(name), a.Text)
		}
	}
	if up.Calls.Load() != 0 {
		t.Error("a preflight reached the application")
	}
	for what, send := range map[string]caddytest.Answer{
		"of another origin":    b.Send(http.MethodOptions, "/api/x", http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"PUT"}}),
		"OPTIONS alone":        b.Send(http.MethodOptions, "/api/x", nil),
		"of another path":      b.Send(http.MethodOptions, "/admin", preflight),
		"GET with its headers": b.Send(http.MethodGet, "/api/x", preflight),
		"of the session":       b.Send(http.MethodOptions, "/.proconnect/session", preflight),
	} {
		if send.StatusCode < 400 || up.Calls.Load() != 0 {
			t.Errorf("%s: got %d, and the application was asked %d times", what, send.StatusCode, up.Calls.Load())
		}
	}
	b.Login("/", form("ministry"))
	from := []string{"Origin", page, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "*/*"}
	a = b.Visit("/api/x", from...)
	if a.StatusCode != http.StatusOK || a.Header.Get("Access-Control-Allow-Origin") != page || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Origin") {
		t.Errorf("the page's call: got %d %v", a.StatusCode, a.Header)
	}
	for _, own := range []string{"/.proconnect/session", "/api/../.proconnect/session", "/admin"} {
		if a := b.Visit(own, from...); a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by the other site: %d %v", own, a.StatusCode, a.Header)
		}
	}
}

func TestWebDAV(t *testing.T) {
	t.Setenv("CAMILLE_HASH", hash)
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "WebDAV", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("files"))
	for _, method := range []string{"PROPFIND", http.MethodPut, "MKCOL", "COPY", "LOCK", http.MethodOptions} {
		got := b.Send(method, "/dav/folder/", http.Header{"Authorization": {camilleSays}, "X-User": {"forged"}}).Received(t)
		if got.Method != method || got.Header.Get("X-User") != "camille" {
			t.Errorf("%s: the site got %s of %q", method, got.Method, got.Header.Get("X-User"))
		}
		a := b.Send(method, "/dav/folder/", nil)
		if a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("%s without a password: got %d %v", method, a.StatusCode, a.Header)
		}
	}
	wantShut(t, s, up, "files", "Authorization: "+camilleSays+"\r\n", append(around("/dav/"), "/", "/dav", "/DAV/x", "/davx/")...)
	if got := b.Login("/x", form("ministry")).Received(t); got.Header["X-User"] != nil {
		t.Errorf("of a person, the site hears %v", got.Header)
	}
	if got := b.Visit("/x", "X-User", "camille").Received(t); got.Header["X-User"] != nil {
		t.Errorf("a person says to be camille: the site hears %v", got.Header)
	}
}

func TestGit(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "git", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("git"))
	for _, open := range []string{
		"/team/project.git/info/refs?service=git-upload-pack", "/team/sub-team/my.project_1.git/git-upload-pack", "/team/project.git/git-receive-pack",
	} {
		if got := b.Send(http.MethodPost, open, nil).Received(t); got.URI != open {
			t.Errorf("%s: the forge got %q", open, got.URI)
		}
	}
	for _, shut := range []string{
		"/", "/team/project", "/team/project.git", "/team/project.git/", "/.proconnect/login", "/user/login", "/api/v1/users", "/api/v1/x.git/archive",
		"/team/project.git/info/refs/../../../../admin", "/team/project.git/info/refs%2f..%2f..%2f..%2fadmin", "/%2e%2e/admin.git/info/refs/x", "/admin%3fx.git/info/refs",
		"/admin;x.git/info/refs", "/admin%00.git/info/refs", "/team/project.git/info/refs/", "/team/project.git/info/refs;x", "/admin%23.git/info/refs", "/a%252f..%252fadmin.git/info/refs",
	} {
		calls := up.Calls.Load()
		a := s.Ask("git.example.gouv.localhost", shut)
		if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusBadRequest || up.Calls.Load() != calls {
			t.Errorf("%s: got %d, and the forge was asked %d times", shut, a.StatusCode, up.Calls.Load()-calls)
		}
	}
	wantShut(t, s, up, "forge", "", "/", "/team/project.git/info/refs?service=git-upload-pack")
	wantStatus(t, "a person at the forge", as(s, site("forge"), "/team/project", "ministry"), http.StatusOK)
}
