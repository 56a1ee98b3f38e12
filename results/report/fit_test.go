package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

func TestFit(t *testing.T) {
	rows := [][]string{
		{"NAME", "PLUGIN", "N", "WHAT"},
		{"sgd", "built-in", "12 ± 3", "a text of several words that has to be wrapped"},
	}
	for _, c := range []struct {
		width   int
		want    [][]string
		dropped []string
	}{
		{0, rows, nil},
		{100, rows, nil},
		{44, [][]string{
			{"NAME", "PLUGIN", "N", "WHAT"},
			{"sgd", "built-in", "12 ± 3", "a text of several\nwords that has to be\nwrapped"},
		}, nil},
		{30, [][]string{{"NAME", "N", "WHAT"}, {
			"sgd", "12 ± 3",
			"a text of\nseveral words\nthat has to be\nwrapped",
		}}, []string{"PLUGIN"}},
		{3, [][]string{{"NAM\nE"}, {"sgd"}}, []string{"PLUGIN", "WHAT", "N"}},
	} {
		got, dropped := Fit(rows, c.width, "PLUGIN")
		if d := cmp.Diff(c.want, got); d != "" || !slices.Equal(dropped, c.dropped) {
			t.Errorf("width %d: dropped %v, want %v; cells (-want +got):\n%s", c.width, dropped,
				c.dropped, d)
		}
	}
}

// On a narrow terminal no line of the tables is longer than it, and rank, name and score are there.
func TestTerminalWidths(t *testing.T) {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	for _, width := range []int{40, 60, 100} {
		for name, write := range map[string]func(*strings.Builder) error{
			"ranking": func(b *strings.Builder) error {
				return Ranking{
					Report: r, All: true,
					Width: width,
				}.WriteText(b)
			},
			"pairwise": func(b *strings.Builder) error { return Pairwise{r, width}.WriteText(b) },
		} {
			var b strings.Builder
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := twwidth.Width(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s at %d columns has a line of %d: %s", name, width, n, line)
				}
			}
			want := []string{"rank  optimizer", "test accuracy", "0.95812 ± 0.00098"}
			if name == "pairwise" {
				want = []string{"optimizer", "versus", "adjusted"}
			}
			for _, text := range want {
				if !strings.Contains(b.String(), text) {
					t.Errorf("%s at %d columns has no %q:\n%s", name, width, text, b.String())
				}
			}
		}
	}
}

// Columns that a narrow terminal does without are named, but not explained.
func TestNarrowLegend(t *testing.T) {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	for width, want := range map[int]bool{0: true, 120: true, 60: false} {
		var b strings.Builder
		if err := (Ranking{Report: r, Width: width}).WriteText(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "\ntime: "); got != want {
			t.Errorf("at %d columns, the legend explains the time: %t, want %t:\n%s", width, got,
				want, b.String())
		}
		if got := strings.Contains(b.String(), "not shown at this width: time"); got == want {
			t.Errorf("at %d columns, the time is not shown: %t, want %t:\n%s", width, got, !want,
				b.String())
		}
	}
}
