package faults_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

var (
	metricName   = regexp.MustCompile(`caddy_proconnect_[a-z_]+`)
	labelMatcher = regexp.MustCompile(`(?:[{,])([a-z_]+)(?:=|!=|=~|!~)"`)
	groupedBy    = regexp.MustCompile(`(?:by|on) \(([a-z_, ]+)\)`)
)

// described returns the labels of our metrics, by name, as they are registered.
func described(t *testing.T) map[string][]string {
	t.Helper()
	running := caddy.ActiveContext()
	families := make(map[string][]string)
	registry := running.GetMetricsRegistry()
	descs := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descs)
		close(descs)
	}()
	pattern := regexp.MustCompile(`fqName: "(caddy_proconnect_[a-z_]+)".*variableLabels: \{([a-z_,]*)\}`)
	for d := range descs {
		if m := pattern.FindStringSubmatch(d.String()); m != nil {
			families[m[1]] = strings.Split(m[2], ",")
		}
	}
	if len(families) < 15 {
		t.Fatalf("%d metrics are described", len(families))
	}
	return families
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(caddytest.Root(t), "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantKnown checks that an expression names metrics that there are, and labels of theirs.
func wantKnown(t *testing.T, families map[string][]string, expr string) {
	t.Helper()
	labels := []string{"le"}
	for _, name := range metricName.FindAllString(expr, -1) {
		known, ok := families[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")]
		if !ok {
			t.Errorf("there is no %s: %s", name, expr)
		}
		labels = append(labels, known...)
	}
	used := labelMatcher.FindAllStringSubmatch(expr, -1)
	for _, m := range groupedBy.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ", ") {
			used = append(used, []string{"", label})
		}
	}
	for _, m := range used {
		if !slices.Contains(labels, m[1]) {
			t.Errorf("there is no label %s: %s", m[1], expr)
		}
	}
}

// The documentation, the alerts and the dashboard name the metrics that there are, all of
// them and no others.
func TestMetricsDocumentation(t *testing.T) {
	caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
	families := described(t)
	names := slices.Sorted(maps.Keys(families))

	operations := document(t, "operations.md")
	for _, name := range names {
		row := regexp.MustCompile("(?m)^\\| .*`" + name + "`.*\\| (.*) \\| .* \\|$").FindStringSubmatch(operations)
		if row == nil {
			t.Errorf("operations.md has no row for %s", name)
			continue
		}
		for _, label := range families[name] {
			if !strings.Contains(row[1], "`"+label+"`") {
				t.Errorf("%s: the row has no label %s", name, label)
			}
		}
	}
	wantKnown(t, families, strings.Join(metricName.FindAllString(operations, -1), " "))

	alerts := document(t, "alerts.yml")
	exprs := regexp.MustCompile(`(?m)^        expr: (.*)$`).FindAllStringSubmatch(alerts, -1)
	if len(exprs) != strings.Count(alerts, "- alert: ") || len(exprs) < 10 {
		t.Errorf("%d expressions", len(exprs))
	}
	for _, m := range exprs {
		wantKnown(t, families, m[1])
	}
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(alerts, -1) {
		if !strings.Contains(operations, "`"+m[1]+"`") {
			t.Errorf("operations.md does not say what to do about %s", m[1])
		}
	}

	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos map[string]int
			Targets []struct{ RefID, Expr string }
		}
		Templating struct {
			List []struct{ Name, Query string }
		}
	}
	if err := json.Unmarshal([]byte(document(t, "grafana.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, panel := range dashboard.Panels {
		if panel.ID == 0 || panel.Title == "" || panel.Type == "" || len(panel.GridPos) != 4 || len(panel.Targets) == 0 {
			t.Errorf("a panel is not whole: %+v", panel)
		}
		for _, target := range panel.Targets {
			wantKnown(t, families, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
			shown.WriteString(target.Expr + "\n")
		}
	}
	for _, v := range dashboard.Templating.List {
		wantKnown(t, families, v.Query)
	}
	for _, name := range names {
		if !strings.Contains(shown.String(), name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// The reasons that alerts select are those of the pages that failed logins end on.
func TestAlertsNameReasons(t *testing.T) {
	words, err := os.ReadFile(filepath.Join(caddytest.Root(t), "internal/pages/text/en.json"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	for _, m := range regexp.MustCompile(`reason(?:=|!=|=~|!~)"([a-z_|]+)"`).FindAllStringSubmatch(document(t, "alerts.yml"), -1) {
		for reason := range strings.SplitSeq(m[1], "|") {
			if reasons++; !strings.Contains(string(words), `"problem.`+reason+`.title"`) {
				t.Errorf("no login fails by %s", reason)
			}
		}
	}
	if reasons < 4 {
		t.Errorf("%d reasons", reasons)
	}
}
