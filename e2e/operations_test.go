package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// The recipes of docs/operations.md are run as they are written, but for folders and the
// name of the site.

const (
	camille = "camille.exemple@example.gouv.fr"
	state   = "13002526500013" // of the sandbox's ministry
	commune = "21920023500014"
)

// Who is named in the list and revoked is out with the next request and cannot come back,
// and whoever else is there notices nothing. What the operator looks at says so.
func TestLockSomebodyOutNow(t *testing.T) {
	blocks := recipe(t, "## Lock somebody out now")
	gate, scripts := doccode.Of(blocks, "caddyfile site"), doccode.Of(blocks, "sh")
	d := newDesk(t)
	d.sh(scripts[0], "")
	d.configure(gate[0])
	d.run()
	out, other := d.visitor(), d.visitor()
	for v, email := range map[*visitor]string{out: camille, other: "alex@example.gouv.fr"} {
		if status, page := v.login("ministry", "email", email); status != http.StatusOK || page != "inside" {
			t.Fatalf("before: %d %s", status, page)
		}
	}

	wantAll(t, d.sh(scripts[1], camille+"\n"), "sessions ended: client default")
	if status := out.visit(); status != http.StatusUnauthorized {
		t.Errorf("the session that was ended: %d", status)
	}
	eventually(t, "the list to count", func() bool {
		status, _ := d.visitor().login("ministry", "email", camille)
		return status == http.StatusForbidden
	})
	if status := other.visit(); status != http.StatusOK {
		t.Errorf("somebody else: %d", status)
	}
	wantAll(t, d.sh(scripts[2], ""), "REFUSED", "deny email from", "1 entry",
		"\tlist_changed\t", "/blocked.txt", "\trevoked\temail", "\trefused\trule 2 denies: email matched")
}

// The Caddyfile of production is rehearsed by two variables, and means without them what
// it meant.
func TestRehearseTheCaddyfileOfProduction(t *testing.T) {
	blocks := recipe(t, "## Rehearse")
	scripts := doccode.Of(blocks, "sh")
	d := newDesk(t)
	d.write("etc/Caddyfile", d.fill(doccode.Of(blocks, "caddyfile")[0]))
	d.write("etc/blocked.txt", "alex@example.gouv.fr\n")
	d.write("srv/index.html", "inside")
	explained := strings.SplitAfter(d.sh(scripts[0], ""), "ADMITTED")
	if len(explained) != 2 || !strings.Contains(explained[1], "not told") || !strings.Contains(explained[1], "REFUSED at gate 1") {
		t.Errorf("want somebody admitted and somebody refused, got %q", explained)
	}
	inProduction := strings.NewReplacer("export PROCONNECT_ENVIRONMENT=sandbox SITE=http://localhost:8080\n", "export PROCONNECT_CLIENT_ID=a PROCONNECT_CLIENT_SECRET=b\n",
		"http://localhost:8080/", "https://docs.example.gouv.fr/").Replace(scripts[0])
	d.site = "https://docs.example.gouv.fr"
	if got := d.sh(inProduction, ""); !strings.Contains(got, "ADMITTED") || !strings.Contains(got, "REFUSED at gate 1") {
		t.Errorf("without the variables: %s", got)
	}

	d = newDesk(t)
	d.write("etc/Caddyfile", d.fill(doccode.Of(blocks, "caddyfile")[0]))
	d.write("etc/blocked.txt", "alex@example.gouv.fr\n")
	d.write("srv/index.html", "inside")
	d.caddy = start(t, d.command("exec env "+scripts[1]))
	d.caddy.await(t, "serving initial configuration")
	for email, want := range map[string]int{camille: http.StatusOK, "alex@example.gouv.fr": http.StatusForbidden} {
		if status, page := d.visitor().login("ministry", "email", email); status != want {
			t.Errorf("%s: %d %s", email, status, page)
		}
	}
}

// The questions to the audit log are asked of one that a Caddy wrote, a part of which is
// moved to last Tuesday.
func TestWhoEnteredLastTuesday(t *testing.T) {
	scripts := doccode.Of(recipe(t, "### Who entered last Tuesday"), "sh")
	d := newDesk(t)
	d.configure("\tproconnect {\n\t\tallow siren 130025265\n\t}\n")
	d.run()
	for range 2 {
		if status, _ := d.visitor().login("ministry"); status != http.StatusOK {
			t.Fatalf("the ministry: %d", status)
		}
	}
	_, page := d.visitor().login("commune")
	reference := regexp.MustCompile(`"reference":"([A-Z0-9]{10})"`).FindStringSubmatch(d.read("log/proconnect-audit.json"))
	if reference == nil || !strings.Contains(page, reference[1]) {
		t.Fatalf("the page and the log have no reference in common: %q\n%s", reference, page)
	}
	if got := strings.Fields(d.askOf(scripts[0], lastTuesday)); len(got) != 4 || got[0] != "2" || got[1] != "localhost" || got[2] != state {
		t.Errorf("last Tuesday entered %q", got)
	}
	byReference := strings.Replace(scripts[1], "Q7XK2M4TPA", reference[1], 1)
	wantAll(t, d.askOf(byReference, lastTuesday), "\trefused\tlocalhost/\tno rule matched: rule 1: siren failed")
	if got := d.askOf(scripts[2], lastTuesday); got != "" {
		t.Errorf("nobody was refused today: %s", got)
	}

	if got := d.askOf(scripts[0], time.Now); got != "" {
		t.Errorf("last Tuesday nobody entered: %s", got)
	}
	got := d.askOf(scripts[2], time.Now)
	if wantAll(t, got, "localhost", "no rule matched: rule 1: siren failed", commune); len(strings.Split(strings.TrimSpace(got), "\n")) != 1 {
		t.Errorf("refused today: %s", got)
	}
}

// askOf asks the audit log, whose lines are of a day: both before midnight, or both after it.
func (d *desk) askOf(script string, day func() time.Time) string {
	d.t.Helper()
	for {
		today := time.Now().YearDay()
		d.write("log/proconnect-audit.json", moved(d.t, d.read("log/proconnect-audit.json"), day()))
		if said := d.sh(script, ""); time.Now().YearDay() == today {
			return said
		}
	}
}

// lastTuesday is noon of the Tuesday before today.
func lastTuesday() time.Time {
	now := time.Now()
	back := (int(now.Weekday()) - int(time.Tuesday) + 7) % 7
	if back == 0 {
		back = 7
	}
	return time.Date(now.Year(), now.Month(), now.Day()-back, 12, 0, 0, 0, time.Local)
}

// moved is a log whose lines are of another moment.
func moved(t *testing.T, log string, to time.Time) (lines string) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		line["ts"] = float64(to.UnixMilli())/1000 + 0.25
		b, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		lines += string(b) + "\n"
	}
	return lines
}

// A spreadsheet becomes a rule: it is tried on everybody while everybody enters, names
// whom it would refuse, and then refuses those who are not in it.
func TestFromASpreadsheetToARule(t *testing.T) {
	blocks := recipe(t, "### From a spreadsheet to a rule in force")
	gates, scripts := doccode.Of(blocks, "caddyfile site"), doccode.Of(blocks, "sh")
	const head, town, ministry = "commune;siret\n", "Aubigny;" + commune + "\n", "État;" + state + "\n"
	d := newDesk(t)
	d.configure("\tproconnect {\n\t\tallow any\n\t}\n")
	d.run()

	d.configure(gates[0])
	d.write("etc/collectivites.csv", head+town+"Zéro;3002526500013\n")
	check, _, _ := strings.Cut(scripts[0], "\n")
	wantAll(t, strings.Join(strings.Fields(d.sh(check, "")), " "), "a leading zero lost in a spreadsheet?", "1 error")
	d.write("etc/collectivites.csv", head+town)
	wantAll(t, d.sh(scripts[0], ""), "0 errors")
	for _, person := range []string{"ministry", "ministry", "commune"} {
		if status, _ := d.visitor().login(person); status != http.StatusOK {
			t.Errorf("%s, while it is tried: %d", person, status)
		}
	}
	if got := strings.Fields(d.sh(scripts[1], "")); len(got) != 2 || got[0] != "1" || got[1] != state {
		t.Errorf("it would have refused %q", got)
	}

	d.configure(gates[1])
	d.sh(scripts[2], "")
	if status, _ := d.visitor().login("ministry"); status != http.StatusForbidden {
		t.Errorf("who is not in the list: %d", status)
	}
	if status, _ := d.visitor().login("commune"); status != http.StatusOK {
		t.Errorf("who is in the list: %d", status)
	}
	d.write("etc/collectivites.csv", head+town+ministry)
	eventually(t, "the spreadsheet that was saved again", func() bool {
		status, _ := d.visitor().login("ministry")
		return status == http.StatusOK
	})
}

// The admin endpoint does what the page has curl ask of it, and the command as it is shown.
func TestAdminEndpointAsDocumented(t *testing.T) {
	blocks := recipe(t, "## The admin endpoint")
	d := newDesk(t)
	d.configure("\tproconnect {\n\t\tallow any\n\t}\n")
	d.run()
	shown, typed, _ := strings.Cut(strings.TrimPrefix(doccode.Of(blocks, "console")[0], "$ "), "\n")
	value, printed, _ := strings.Cut(typed, "\n")
	for script, stdin := range map[string]string{doccode.Of(blocks, "sh")[0]: "", shown: value + "\n"} {
		v := d.visitor()
		if status, _ := v.login("ministry", "email", camille); status != http.StatusOK {
			t.Fatalf("before: %d", status)
		}
		eventually(t, "a second that is later than the login's", func() bool { // sessions are counted in seconds
			out := d.sh(script, stdin)
			if !strings.Contains(out, `"default"`) && out != printed {
				t.Fatalf("%s says %s", script, out)
			}
			return v.visit() == http.StatusUnauthorized
		})
	}
}

// What docs/operations.md shows of the doctor is what it says of another client's secret.
func TestOperationsShowWhatTheDoctorSays(t *testing.T) {
	blocks := recipe(t, "### From the keys to the first revocation")
	var shown string
	for _, text := range doccode.Of(blocks, "console") {
		if _, printed, found := strings.Cut(text, "$ caddy proconnect doctor --envfile proconnect.env\n"); found {
			shown = printed
		}
	}
	p := startProvider(t, []string{"https://docs.example.gouv.fr"})
	d := newDesk(t)
	d.site = "https://docs.example.gouv.fr"
	d.write("etc/blocked.txt", "# nobody\n")
	d.write("Caddyfile", strings.Replace(d.fill(doccode.Of(blocks, "caddyfile")[0]), "environment integration", "issuer "+p.issuer, 1))
	d.write("proconnect.env", "PROCONNECT_CLIENT_ID=rs256\nPROCONNECT_CLIENT_SECRET="+secretOf("es256")+"\n")
	numbers := regexp.MustCompile(`\d+`)
	got := d.sh("caddy proconnect doctor --envfile proconnect.env", "")
	if strings.TrimSpace(numbers.ReplaceAllString(got, "N")) != strings.TrimSpace(numbers.ReplaceAllString(shown, "N")) || shown == "" {
		t.Errorf("the doctor says\n%s\nand docs/operations.md shows\n%s", got, shown)
	}
}

// The tests above need jq, which make e2e installs.
func TestJqIsThere(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Fatal("jq is missing: run make e2e, or install it")
	}
}
