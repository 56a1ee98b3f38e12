package report

import (
	"math"
	"strings"
	"testing"
)

func TestMeanStd(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		mean, std float64
		want      string
	}{
		{0.92134, 0.00118, "0.9213 ± 0.0012"},
		{0.92134, 0.0996, "0.92 ± 0.10"}, // the std rounds up to one more digit
		{12.3, 4.56, "12.3 ± 4.6"},
		{1234, 345, "1230 ± 350"},
		{0.5, 120, "0 ± 120"},
		{-0.04, 1.2, "0.0 ± 1.2"},
		{3.5e-7, 1.2e-8, "(3.50 ± 0.12)e-7"},
		{1.2e-8, 3.5e-7, "(0.1 ± 3.5)e-7"},
		{-123456, 789, "(-1.2346 ± 0.0079)e5"},
		{0.5, 1e-15, "0.5 ± 1e-15"},
		{0.5, 0, "0.5 ± 0"},
		{0, 0, "0 ± 0"},
		{0.123456, nan, "0.1235"},
		{1.5e-9, nan, "1.500e-9"},
		{inf, nan, "Inf"},
		{nan, nan, "–"},
	} {
		if got := (Summary{N: 2, Mean: c.mean, Std: c.std}).meanStd(); got != c.want {
			t.Errorf("%g ± %g is written %q, want %q", c.mean, c.std, got, c.want)
		}
	}
	if got := (Summary{N: 3, Diverged: 1, Mean: 1, Std: 0.5}).meanStd(); got != "1.00 ± 0.50 †" {
		t.Errorf("with a diverged run: %q", got)
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		s    Summary
		want string
	}{
		{Summary{Mean: 0.92134, Std: 0.00118, Low: 0.92012, High: 0.92298}, "[0.9201, 0.9230]"},
		{Summary{Mean: 3.5e-7, Std: 1.2e-8, Low: 3.4e-7, High: 3.6e-7}, "[3.40, 3.60]e-7"},
		{Summary{Mean: 8, Std: 11, Low: -0.2, High: 16.4}, "[0, 16]"},
		{Summary{Mean: 2, Low: 2, High: 2}, "[2, 2]"},
		{Summary{Mean: 2, Std: math.NaN(), Low: math.NaN()}, "–"},
	} {
		if got := c.s.interval(); got != c.want {
			t.Errorf("interval of %+v is written %q, want %q", c.s, got, c.want)
		}
	}
}

func TestAmount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 640: "640", 999: "999", 1000: "1k", 1234: "1.2k", 55_000: "55k", 99_499: "99k", 99_500: "100k",
		660_000: "660k", 999_499: "999k", 999_500: "1M", 5_500_000: "5.5M", 123_456_789_012_345_678: "123457T",
	} {
		if got := amount(n); got != want {
			t.Errorf("%d examples are written %q, want %q", n, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	if got := clean(" a\n\tb\x1b[31m\x00 "); got != "a b [31m" {
		t.Errorf("cleaned text is %q", got)
	}
	if got := []rune(clean(strings.Repeat("é", 300))); len(got) != 200 || got[199] != '…' {
		t.Errorf("long text has %d characters and ends with %q, want 200 and …", len(got), got[len(got)-1])
	}
}
