package report

// What follows is how numbers and names are written, for packages that lay the report out in their own way.

// Clean makes text that came from elsewhere fit to be printed in a line: no control characters, not too long.
func Clean(s string) string { return clean(s) }

// Number writes v with four significant digits, and what is not there as a dash.
func Number(v float64) string { return number(v) }

// Amount writes a number of examples: 640, 55k, 1.2M.
func Amount(n int64) string { return amount(n) }

// String writes the mean and its standard deviation, "0.9213 ± 0.0012 †"; the dagger says that runs diverged.
func (s Summary) String() string { return s.meanStd() }

// Interval writes the interval of the mean.
func (s Summary) Interval() string { return s.interval() }

// MetricName names what is reported, such as "test accuracy".
func (p *Problem) MetricName() string { return p.metric() }

// Facts says what all rows have in common, one line each.
func (p *Problem) Facts() []string { return p.facts() }
