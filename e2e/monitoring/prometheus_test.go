package monitoring

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/util/teststorage"
)

var expressions = parser.NewParser(parser.Options{})

// scraped are the series of a Caddy at which people logged in, were refused, and failed.
func scraped(t *testing.T) *teststorage.TestStorage {
	t.Helper()
	c := newCaddy(t)
	for _, person := range []string{"ministry", "commune", "contractor", "private"} {
		c.login(person)
	}
	c.failLogin()
	lines := c.metrics()
	if len(lines) < 30 {
		t.Fatalf("%d series", len(lines))
	}
	load := "load 1m\n"
	for _, line := range lines {
		i := strings.LastIndexByte(line, ' ')
		grows := "+0x120"
		if name, _, _ := strings.Cut(line, "{"); strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_count") {
			grows = "+1x120"
		}
		load += "  " + line[:i] + " " + line[i+1:] + grows + "\n"
	}
	return promqltest.LoadedStorage(t, load)
}

// asker asks the engine of Prometheus.
type asker struct {
	t       *testing.T
	engine  *promql.Engine
	storage *teststorage.TestStorage
}

func newAsker(t *testing.T) *asker {
	t.Helper()
	return &asker{t, promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000), scraped(t)}
}

// ask evaluates an expression two hours after the first scrape.
func (a *asker) ask(expr string) promql.Vector {
	a.t.Helper()
	query, err := a.engine.NewInstantQuery(a.t.Context(), a.storage, nil, expr, time.Unix(0, 0).Add(2*time.Hour))
	if err != nil {
		a.t.Errorf("%s: %v", expr, err)
		return nil
	}
	defer query.Close()
	result := query.Exec(a.t.Context())
	vector, err := result.Vector()
	if err != nil {
		a.t.Errorf("%s: %v", expr, err)
	}
	return slices.Clone(vector)
}

// wantSeries checks that Caddy tells every series that an expression selects, with the
// labels that it selects or groups by.
func (a *asker) wantSeries(expr string) {
	a.t.Helper()
	parsed, err := expressions.ParseExpr(expr)
	if err != nil {
		a.t.Errorf("%s: %v", expr, err)
		return
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			var wanted []string
			for _, m := range n.LabelMatchers {
				wanted = append(wanted, m.Name)
			}
			a.wantLabels(expr, n, wanted)
		case *parser.AggregateExpr:
			parser.Inspect(n.Expr, func(below parser.Node, _ []parser.Node) error {
				if selector, ok := below.(*parser.VectorSelector); ok {
					a.wantLabels(expr, selector, n.Grouping)
				}
				return nil
			})
		}
		return nil
	})
}

func (a *asker) wantLabels(expr string, selector *parser.VectorSelector, wanted []string) {
	a.t.Helper()
	found := a.ask(selector.Name)
	if len(found) == 0 {
		a.t.Errorf("%s: Caddy tells no %s", expr, selector.Name)
	}
	for _, label := range wanted {
		if label != model.MetricNameLabel && !slices.ContainsFunc(found, func(s promql.Sample) bool { return s.Metric.Has(label) }) {
			a.t.Errorf("%s: %s has no label %s", expr, selector.Name, label)
		}
	}
}

// The alerts are rules that Prometheus takes, on series that Caddy tells.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, expressions, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	a, rules := newAsker(t), 0
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			rules++
			a.wantSeries(rule.Expr)
			a.ask(rule.Expr)
		}
	}
	if rules < 10 {
		t.Errorf("%d rules", rules)
	}
}

// Every panel of the dashboard shows something of a Caddy at which people log in.
func TestDashboardShowsWhatCaddyTells(t *testing.T) {
	text, err := os.ReadFile("../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Type, Query string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	a, shown := newAsker(t), 0
	filled := strings.NewReplacer("$__rate_interval", "5m", "$client", ".*", "$site", ".*")
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			shown++
			expr := filled.Replace(target.Expr)
			a.wantSeries(expr)
			if len(a.ask(expr)) == 0 {
				t.Errorf("%s is empty: %s", panel.Title, expr)
			}
		}
	}
	for _, v := range dashboard.Templating.List {
		if metric, label, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Query, "label_values("), ")"), ", "); ok && v.Type == "query" {
			a.wantSeries("count by (" + label + ") (" + metric + ")")
		}
	}
	if shown < 12 {
		t.Errorf("%d expressions", shown)
	}
}
