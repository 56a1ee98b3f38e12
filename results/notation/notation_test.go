package notation

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func ExampleMeanStd() {
	fmt.Println(MeanStd(0.92134, 0.00118))
	fmt.Println(MeanStd(3.5e-7, 1.2e-8))
	fmt.Println(MeanStd(0.5, math.NaN()))
	// Output:
	// 0.9213 ± 0.0012
	// (3.50 ± 0.12)e-7
	// 0.5
}

func ExampleAmount() {
	fmt.Println(Amount(640), Amount(55_000), Amount(1_234_567))
	// Output: 640 55k 1.2M
}

func ExampleEstimate() {
	fmt.Println(Estimate(1.03, 1.012, 1.0449, 2))
	// Output: 1.03 [1.01, 1.04]
}

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
		if got := MeanStd(c.mean, c.std); got != c.want {
			t.Errorf("%g ± %g is written %q, want %q", c.mean, c.std, got, c.want)
		}
	}
}

func TestShortMeanStd(t *testing.T) {
	for _, c := range []struct {
		mean, std float64
		want      string
	}{
		{0.92134, 0.00118, "0.921 ± 0.001"},
		{3.02e-9, 6.6e-10, "(3.0 ± 0.7)e-9"},
		{8, 11, "10 ± 10"},
		{123.456, 1e-4, "123.5 ± 0.0001"},
		{0.123456, math.NaN(), "0.1235"},
	} {
		if got := ShortMeanStd(c.mean, c.std); got != c.want {
			t.Errorf("%g ± %g is written %q, want %q", c.mean, c.std, got, c.want)
		}
	}
}

func TestInterval(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		mean, std, low, high float64
		want                 string
	}{
		{0.92134, 0.00118, 0.92012, 0.92298, "[0.9201, 0.9230]"},
		{3.5e-7, 1.2e-8, 3.4e-7, 3.6e-7, "[3.40, 3.60]e-7"},
		{8, 11, -0.2, 16.4, "[0, 16]"},
		{2, 0, 2, 2, "[2, 2]"},
		{2, nan, nan, 0, "–"},
	} {
		if got := Interval(c.mean, c.std, c.low, c.high); got != c.want {
			t.Errorf("interval of %+v is written %q, want %q", c, got, c.want)
		}
	}
}

func TestAmount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 640: "640", 999: "999", 1000: "1k", 1234: "1.2k", 55_000: "55k", 99_499: "99k",
		99_500: "100k", 660_000: "660k", 999_499: "999k", 999_500: "1M", 5_500_000: "5.5M",
		123_456_789_012_345_678: "123457T",
	} {
		if got := Amount(n); got != want {
			t.Errorf("%d examples are written %q, want %q", n, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	if got := Clean(" a\n\tb\x1b[31m\x00 "); got != "a b [31m" {
		t.Errorf("cleaned text is %q", got)
	}
	if got := []rune(Clean(strings.Repeat("é", 300))); len(got) != 200 || got[199] != '…' {
		t.Errorf("long text has %d characters and ends with %q, want 200 and …", len(got),
			got[len(got)-1])
	}
}

// A missing value is a dash, whatever it is a value of.
func TestMissing(t *testing.T) {
	nan := math.NaN()
	for name, got := range map[string]string{
		"Number": Number(nan), "Fixed": Fixed(nan, 2), "Factor": Factor(nan), "Rank": Rank(0, true),
		"Estimate": Estimate(nan, nan, nan, 2), "Percent": Percent(nan, nan, nan),
		"Span":        Span(nan, 1),
		"Probability": Probability(nan), "MeanStd": MeanStd(nan, nan),
		"ShortMeanStd": ShortMeanStd(nan, nan),
	} {
		if got != None {
			t.Errorf("%s writes a missing value as %q, want %q", name, got, None)
		}
	}
}
