package jsondiff

import (
	"slices"
	"testing"
)

type point struct {
	Name  string             `json:"name"`
	At    []float64          `json:"at"`
	More  map[string]float64 `json:"more,omitempty"`
	Large int64              `json:"large"`
}

func TestDifferences(t *testing.T) {
	a := point{"p", []float64{1, 2}, map[string]float64{"x": 1}, 1<<60 + 1}
	for _, c := range []struct {
		what   string
		change func(*point)
		but    []string
		want   []string
	}{
		{"nothing", func(*point) {}, nil, nil},
		{"a field", func(p *point) { p.Name = "q" }, nil, []string{`name: got "p", want "q"`}},
		{"a field left out", func(p *point) { p.Name = "q" }, []string{"name"}, nil},
		{"an element", func(p *point) { p.At = []float64{1, 3} }, nil, []string{"at[1]: got 2, want 3"}},
		{"a length", func(p *point) { p.At = []float64{1} }, nil, []string{"at: got [1,2], want [1]"}},
		{
			"a key", func(p *point) { p.More = map[string]float64{"y": 2} }, nil,
			[]string{"more.x: got 1, want null", "more.y: got null, want 2"},
		},
		{
			"the last bit", func(p *point) { p.Large-- }, nil,
			[]string{"large: got 1152921504606846977, want 1152921504606846976"},
		},
	} {
		b := a
		c.change(&b)
		if got := Differences(a, b, c.but...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}
