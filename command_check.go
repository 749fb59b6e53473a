package proconnect

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
)

// checkCommand tells what is wrong with a configuration, and what it opens to whom.
func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check [--config <file>] [--envfile <file>] [--strict]",
		Short: "Checks a configuration, and lists what is open and what is gated",
		Long: `
Lists each site with what answers there:

  gated    only people whom the rules of a gate admit
  partly   everybody, but where the matcher of a gate matches
  OPEN     everybody
  unclear  a gate runs for some requests: the routes do not tell for which

and each gate with where it gates and whom it admits. Then come errors and
warnings, in the words in which Caddy logs them when it starts: all that
"caddy validate" says of the plugin, and what it does not say: the faults of all
sites and not the first alone, and the lines of lists that cannot be read, which
Caddy skips.

It exits with 0 if all is well, with 1 if there is an error, or with --strict a
warning, and with 2 if there is no configuration to read.

What other directives have wrong, "caddy validate" tells.`,
		Example: "  caddy proconnect check --config /etc/caddy/Caddyfile --strict",
	}
	configFlags(c)
	c.Flags().Bool("strict", false, "Exit with 1 for warnings too")
	return runs(c, runCheck)
}

func runCheck(c *cobra.Command) (code int, err error) {
	report, err := check(c)
	if err != nil {
		return exitFailed, err
	}
	code = exitFine
	strict, _ := c.Flags().GetBool("strict")
	if report.count(levelError) > 0 || strict && report.count(levelWarning) > 0 {
		code = exitFinding
	}
	return tell(c, code, report, report.print)
}

// checkReport is what there is to say of a configuration.
type checkReport struct {
	Loads    bool         `json:"loads"`
	Sites    []siteReport `json:"sites"`
	Findings []finding    `json:"findings"`
}

func (r *checkReport) count(level string) (n int) {
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// check reads a configuration and provisions it, as far as that leaves nothing behind.
// What is wrong with it is a finding; an error is what keeps it from being read.
func check(c *cobra.Command) (*checkReport, error) {
	report := &checkReport{Sites: []siteReport{}, Findings: []finding{}}
	config, err := readConfiguration(c)
	if invalid, wrong := errors.AsType[invalidError](err); wrong {
		report.fail(invalid)
		return report, nil
	}
	if err != nil {
		return nil, err
	}
	for _, w := range config.warnings {
		report.add(finding{Level: levelWarning, Text: w.Message, Details: map[string]string{"file": w.File, "line": strconv.Itoa(w.Line)}})
	}
	d, err := provisionDry(config.json)
	if d.app != nil {
		report.Findings = append(report.Findings, d.app.findings.list()...)
	}
	if report.Loads = err == nil; err != nil {
		report.fail(err)
	}
	report.Sites = siteReports(config.json, d)
	slices.SortStableFunc(report.Findings, func(a, b finding) int { return cmp.Compare(a.Level, b.Level) }) // errors first
	return report, nil
}

func (r *checkReport) add(f finding) { r.Findings = append(r.Findings, f) }

// fail adds the error for which a configuration does not load, unless it was found
// before.
func (r *checkReport) fail(err error) {
	known := func(f finding) bool { return f.Level == levelError && "site "+f.Site+": "+f.Text == err.Error() }
	if !slices.ContainsFunc(r.Findings, known) {
		r.add(finding{Level: levelError, Text: err.Error()})
	}
}
