package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// patient is a client that the doctor examines: its lines of the Caddyfile, of which a
// test makes one wrong.
type patient struct{ issuer, id, secret, lines, rule, site, address string }

func (p patient) caddyfile() string {
	return "{\n\tproconnect {\n\t\tissuer " + p.issuer + "\n\t\tclient_id " + p.id + "\n\t\tclient_secret " + p.secret + "\n\t\t" + p.lines + "\n\t}\n}\n" +
		cmp.Or(p.address, "docs.example.gouv.fr") + " {\n\tproconnect {\n\t\t" + cmp.Or(p.rule, "allow any") + "\n\t\t" + p.site + "\n\t}\n\tfile_server\n}\n"
}

// diagnosis is what the doctor prints of one thing.
type diagnosis struct{ Check, Value, Status, Detail, Remedy string }

// examine runs the doctor, and returns what it found wrong, by its name.
func examine(t *testing.T, p patient, env ...string) (wrong []diagnosis, all string) {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(p.caddyfile()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "proconnect", "doctor", "--json", "--config", file)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var document struct {
		Clients []struct{ Checks []diagnosis }
	}
	if json.Unmarshal(out.Bytes(), &document) != nil || len(document.Clients) != 1 {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	for _, d := range document.Clients[0].Checks {
		if d.Status == "failed" {
			wrong = append(wrong, d)
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != min(len(wrong), 1) {
		t.Errorf("exit code %d for %d findings", code, len(wrong))
	}
	return wrong, out.String()
}

// Whatever is wrong with a client is found without a person, and the remedy names the
// option, or the field of the registration. Nothing that is right is called wrong.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	p := startProvider(t, []string{"https://docs.example.gouv.fr"})
	right := patient{issuer: p.issuer, id: "rs256", secret: secretOf("rs256")}
	rsaOnly := startProvider(t, []string{"https://docs.example.gouv.fr"}, "SIGNING_ALGS=RS256")
	foreign := httptest.NewTLSServer(nil)
	defer foreign.Close()
	for name, c := range map[string]struct {
		change func(*patient)
		check  string // that fails; empty: nothing does
		value  string
		says   string // the remedy
		env    []string
	}{
		"nothing":                               {change: func(*patient) {}},
		"client_id":                             {func(p *patient) { p.id = "rs257" }, "client_id and client_secret", "", "client_id", nil},
		"client_secret":                         {func(p *patient) { p.secret = "another-secret-of-some-length" }, "client_id and client_secret", "", "client_secret", nil},
		"another client's secret":               {func(p *patient) { p.secret = secretOf("es256") }, "client_id and client_secret", "", "of this environment", nil},
		"redirect_uri":                          {func(p *patient) { p.site = "callback_path /cb" }, "redirect_uri", "https://docs.example.gouv.fr/cb", "redirect_uri", nil},
		"redirect_uri of a site":                {func(p *patient) { p.site = "origin https://other.example.gouv.fr\n\t\tlogged_out_path /x" }, "redirect_uri", "https://other.example.gouv.fr/.proconnect/callback", "redirect_uri", nil},
		"redirect_uri of a site behind a proxy": {func(p *patient) { p.address = "http://other.example.gouv.fr:8080" }, "redirect_uri", "https://other.example.gouv.fr/.proconnect/callback", "set origin", nil},
		"post_logout_redirect_uri":              {func(p *patient) { p.site = "logged_out_path /bye" }, "post_logout_redirect_uri", "https://docs.example.gouv.fr/bye", "post_logout_redirect_uri", nil},
		"a scope by itself":                     {func(p *patient) { p.lines = "scopes +chorusdt" }, "scope", "chorusdt", "grant the scope", nil},
		"a scope that a rule needs":             {func(p *patient) { p.rule = "allow belonging_population agent" }, "scope", "belonging_population", "rule", nil},
		"signing_alg": {func(p *patient) {
			p.issuer, p.lines = rsaOnly.issuer, "signing_alg ES256\n\t\tuserinfo_signing_alg RS256"
		}, "algorithms", "", "signing_alg: say the one", nil},
		"userinfo_signing_alg": {func(p *patient) { p.issuer, p.lines = rsaOnly.issuer, "userinfo_signing_alg ES256" }, "algorithms", "", "userinfo_signing_alg", nil},
		"unreachable":          {func(p *patient) { p.issuer = "http://127.0.0.1:1/api/v2" }, "discovery", "", "firewall", nil},
		"a proxy is needed":    {func(p *patient) { p.issuer = "http://127.0.0.1:1/api/v2" }, "discovery", "", "set HTTPS_PROXY", nil},
		"the proxy is down":    {func(p *patient) { p.issuer = "https://proconnect.invalid/api/v2" }, "discovery", "", "HTTPS_PROXY", []string{"HTTPS_PROXY=http://127.0.0.1:1"}},
		"a foreign authority":  {func(p *patient) { p.issuer = foreign.URL + "/api/v2" }, "discovery", "", "ca:", nil},
		"a slash":              {func(p *patient) { p.issuer += "/" }, "discovery", "", "issuer: write it as discovery has it, " + p.issuer, nil},
		"no path":              {func(p *patient) { p.issuer = strings.TrimSuffix(p.issuer, "/api/v2") }, "discovery", "", "/api/v2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			ill := right
			c.change(&ill)
			wrong, all := examine(t, ill, c.env...)
			if c.check == "" {
				if len(wrong) > 0 {
					t.Errorf("found wrong: %+v", wrong)
				}
				return
			}
			found := slices.ContainsFunc(wrong, func(d diagnosis) bool {
				return d.Check == c.check && (c.value == "" || d.Value == c.value) && strings.Contains(d.Remedy, c.says)
			})
			if !found {
				t.Errorf("want %s wrong, and a remedy with %q:\n%s", c.check, c.says, all)
			}
			if other := slices.IndexFunc(wrong, func(d diagnosis) bool {
				return d.Check != c.check && !strings.HasPrefix(name, "redirect_uri of a site")
			}); other >= 0 {
				t.Errorf("also called wrong: %+v", wrong[other])
			}
		})
	}
	t.Run("the clock", func(t *testing.T) {
		for ahead, says := range map[int]string{600: "behind", -600: "ahead of"} {
			p.set(t, "ahead", ahead)
			wrong, all := examine(t, right)
			if len(wrong) != 1 || wrong[0].Check != "clock" || !tenMinutes.MatchString(wrong[0].Detail) || !strings.Contains(wrong[0].Detail, says) {
				t.Errorf("a clock %d s off:\n%s", ahead, all)
			}
		}
		p.set(t, "ahead", 0)
	})
}

// tenMinutes is what a clock is off, whose answers tell whole seconds, and take a few where
// the machine is busy.
var tenMinutes = regexp.MustCompile(`\b(9m[345]\ds|10m[012]?\ds) `)

// The doctor tells ProConnect nothing about anybody and ends nobody's session: what it
// sends is the client's, and no cookie.
func TestDoctorSendsNobodysData(t *testing.T) {
	p := startProvider(t, []string{"https://docs.example.gouv.fr"})
	examine(t, patient{issuer: p.issuer, id: "rs256", secret: secretOf("rs256"), site: "siret_hint 13002526500013"})
	asked := 0
	for _, path := range []string{"/authorize", "/session/end"} {
		for _, call := range p.journal(t, path) {
			asked++
			for _, parameter := range []string{"login_hint", "siret_hint", "idp_hint", "id_token_hint", "acr_values"} {
				if _, sent := call.Query[parameter]; sent {
					t.Errorf("%s: sent %s", path, parameter)
				}
			}
			if path == "/authorize" && call.Query["prompt"] != "none" {
				t.Errorf("prompt %q: somebody might see a page", call.Query["prompt"])
			}
		}
	}
	if asked < 3 {
		t.Errorf("%d questions", asked)
	}
}
