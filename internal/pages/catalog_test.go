package pages

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCatalogsHoldTheSameKeys(t *testing.T) {
	fr, en := catalogs["fr"].texts, catalogs["en"].texts
	name := regexp.MustCompile(`\{[a-z]+\}`)
	for _, key := range slices.Sorted(maps.Keys(fr)) {
		if strings.TrimSpace(fr[key]) == "" || strings.TrimSpace(en[key]) == "" {
			t.Errorf("%s: a text is missing: %q, %q", key, fr[key], en[key])
		}
		if f, e := name.FindAllString(fr[key], -1), name.FindAllString(en[key], -1); !slices.Equal(f, e) {
			t.Errorf("%s: names differ: %s, %s", key, f, e)
		}
	}
	for key := range en {
		if !catalogs["fr"].has(key) {
			t.Errorf("%s: no French text", key)
		}
	}
}

// usedKeys lists the keys that templates and code ask for.
func usedKeys(t *testing.T) []string {
	t.Helper()
	keys := []string{
		"site.banner." + BannerSandbox, "site.banner." + BannerIntegration,
		"login.heading", "refused.heading", "refused.heading_acr", "refused.heading_page", "logged_out.heading", "logout.heading", "form_lost.heading", "framed.heading", "departing.heading", "waiting.heading", "waiting.heading_over",
		"reason.unknown", "reason.unknown.roles", "refused.heading_level", "action.switch", "reason.acr", "reason.level", "reason.list", "reason.together", "reason.other", "list.and",
		"refused.next_acr", "refused.next_acr_switch", "refused.next_level",
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`\{t "([^"]+)"`)
	for _, file := range files {
		data, err := fs.ReadFile(templateFiles, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllSubmatch(data, -1) {
			keys = append(keys, string(m[1]))
		}
	}
	for _, code := range problemCodes {
		keys = append(keys, "problem."+code+".title", "problem."+code+".what", "problem."+code+".next")
	}
	keys = append(keys, "action.retry", "action.restart", "action.open_tab")
	keys = append(keys, "form_withheld.heading", "framed.what", "framed.refused", "framed.abroad", "framed.abroad_heading")
	keys = append(keys, "login.notice."+NoticeLoginRequired, "person_changed.heading", "leaving.heading", "logged_out.unsure_heading")
	for _, claim := range ruleFields {
		s := fieldSubject(claim)
		keys = append(keys, "reason.excluded."+s, "claim."+s)
		if s != "acr" { // said by reason.acr
			keys = append(keys, "reason.not_listed."+s)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// ruleFields are the claims that a rule can read.
var ruleFields = []string{
	"siret", "siren", "roles", "belonging_population", "organizational_unit", "organization_label",
	"email", "idp_id", "uid", "sub", "acr", "amr", "custom.grade", "custom.a.b",
}

func TestEveryKeyIsUsedAndExists(t *testing.T) {
	used := usedKeys(t)
	for lang, c := range catalogs {
		for _, key := range used {
			if !c.has(key) {
				t.Errorf("%s: no text for %s", lang, key)
			}
		}
		for key := range c.texts {
			if _, found := slices.BinarySearch(used, key); !found {
				t.Errorf("%s: nobody uses %s", lang, key)
			}
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct{ lang, key, want string }{
		{"en", "action.logout", "Log out"},
		{"fr", "action.logout", "Se déconnecter"},
		{"de", "action.logout", "Se déconnecter"},
		{"fr", "no.such.key", "no.such.key"},
	}
	for _, tt := range tests {
		if got := catalogOf(tt.lang).text(tt.key); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.lang, tt.key, got, tt.want)
		}
	}
}

// A person named {email} must not make a text show their address in place of it.
func TestTextReplacesOnce(t *testing.T) {
	c := &catalog{"en", map[string]string{"k": "{a} and {b}"}}
	if got := c.text("k", "a", "{b}", "b", "{a}"); got != "{b} and {a}" {
		t.Errorf("got %q", got)
	}
}
