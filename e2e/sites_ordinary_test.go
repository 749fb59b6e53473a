package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Addresses as sites that people use have them, all of them open to everybody. A
// gate before some other part of the site changes nothing about them: the site gets
// each byte by byte, as it would without the gate.
var ordinary = map[string][]string{
	"Angular": {
		"/", "/index.html", "/main.3f2a1c.js", "/assets/i18n/fr.json", "/styles.css?v=1.2.3",
		"/heroes;id=15;foo=foo", "/heroes;name=L%C3%A9a/detail;tab=2?sort=asc", "/crisis-center/(detail:3//popup:compose)",
		"/inbox/33(popup:message/44)", "/search;q=a%2Fb;page=1", "/recherche?q=%C3%A9t%C3%A9&tri=date", "/communes/Saint-%C3%89tienne/d%C3%A9tail",
		"/api/v1/agents?filter[name]=x&filter[age]=%3E30", "/ngsw.json?ngsw-cache-bust=0.7", "/@vite/client", "/@fs/src/main.ts?import",
	},
	"GitLab": {
		"/group/sub/project/-/blob/main/docs/README.md?ref_type=heads", "/group/project/-/tree/feature%2Flogin/src", "/group/project/-/blob/feature/login/a.b..c/x...y",
		"/api/v4/projects/group%2Fsub%2Fproject/repository/files/src%2Fmain%2Ego/raw?ref=main", "/api/v4/projects/1/repository/branches/feature%2Fa%23b",
		"/group/project/-/compare/v1.0...v1.1", "/group/project/-/compare/main..feature%2Flogin", "/group/project.git/info/refs?service=git-upload-pack",
		"/group/project/-/merge_requests/12/diffs?diff_id=3&start_sha=abc", "/group/project/-/jobs/42/artifacts/file/out/rapport%20final.pdf",
		"/group/project/-/wikis/Page%20d%27accueil", "/-/snippets/5", "/users/sign_in", "/group/project/-/raw/main/caf%C3%A9%20(1).txt?inline=false",
		"/v2/group/project/image/blobs/sha256:0123abcd", "/group/project/-/blob/main/.gitlab-ci.yml", "/group/project/-/tree/main/.config/app",
	},
	"WordPress": {
		"/2026/11/26/un-article-a-lire/", "/?p=123", "/index.php?rest_route=/wp/v2/posts", "/wp-json/wp/v2/posts?per_page=10&_fields[]=id&_fields[]=title",
		"/wp-json/oembed/1.0/embed?url=https%3A%2F%2Fexample.gouv.fr%2F2026%2F", "/wp-content/uploads/2026/11/rapport-d%E2%80%99activit%C3%A9.pdf",
		"/wp-includes/js/jquery/jquery.min.js?ver=3.7.1", "//wp-content/themes/x/style.css", "/wp-content//uploads//logo.png", "/index.php/2026/11/un-article/",
		"/cat%C3%A9gorie/actualit%C3%A9s/page/2/", "/feed/", "/wp-admin-bar.css", "/?s=a+b&submit=%F0%9F%94%8D", "/wp-content/cache/min/1/a.css.gz", "/wp-login.php?redirect_to=https%3A%2F%2Fexample.gouv.fr%2Fwp-admin%2F",
		"/tag/c%2B%2B/", "/wp-json/", "/xmlrpc.php?rsd", "/robots.txt", "/.well-known/security.txt",
	},
	"others": {
		"/proxy/https://example.org/x", "/proxy/https://user@example.org:8443/x?y", "/DOMAIN%5Cuser/photo", "/caf%E9.pdf", "/a,b;c=d/e:f@g", "/100%25", "/x~1/y'z", "/a|b^c", "/日本語/ページ", "/%E6%97%A5%E6%9C%AC",
		"/%C5%93uvre", "/jsessions;jsessionid=0123ABCD", "/path/with.dots/v1.2.3/", "/a+b/c%20d", "/odata/Products(5)/Name", "/q?a;b", "/q?a=1&a=2&a=%26",
	},
}

// gates that an operator puts before the part of such a site that is not for everybody.
var partialGates = []string{
	"path /admin /admin/* /wp-admin /wp-admin/*",
	"path *.docx",
	"expression `{path}.startsWith(\"/admin/\") || {path} == \"/admin\"`",
}

// exemption is the other way round: the site stands where everybody may go.
const exemption = "not path /public/*"

func TestOrdinaryAddressesPassWhereTheyAreOpen(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(r.RequestURI)
	}))
	t.Cleanup(echo.Close)
	c := newGates(t, shortTempDir(t))
	behind := "reverse_proxy " + echo.Listener.Addr().String()
	ungated, exempt := c.site("", behind), c.site(exemption, behind)
	gated := make(map[string]string, len(partialGates))
	for _, matcher := range partialGates {
		gated[matcher] = c.site(matcher, behind)
	}
	c.run()
	for site, targets := range ordinary {
		for _, target := range targets {
			for matcher, address := range gated {
				checkSame(t, site, matcher, ungated, address, target)
			}
			// What follows a script is an address of its own to many, and of what looks
			// like a port to parse_url, a site of PHP may make its home page.
			if !strings.Contains(target, ".php/") && !strings.Contains(target, "(detail:3/") {
				checkSame(t, site, exemption, ungated, exempt, "/public"+target)
			}
		}
	}
}

// checkSame holds what a site answers behind a gate to what it answers without.
func checkSame(t *testing.T, site, matcher, ungated, gated, target string) {
	t.Helper()
	r := request{method: http.MethodGet, target: target}
	want, got := ask(ungated, r), ask(gated, r)
	if want.status != http.StatusOK {
		t.Errorf("%s: %q without a gate: got %d", site, target, want.status)
	}
	if got.status != want.status || string(got.body) != string(want.body) {
		t.Errorf("%s: %q behind @gate %s: got %d %q, want %d %q", site, target, matcher, got.status, got.body, want.status, want.body)
	}
}
