// Package reproduce holds every figure and table of L. Balles, Noise-Aware Stochastic Optimization
// (Tübingen 2021), as an [Item]: the plans behind it, how it is drawn from their runs, and the
// claims that it supports. One item is one file, named like the figure: fig_6_3.go.
//
// An item is judged by what its runs say, not by what the thesis printed: a claim that does not
// hold here is reported as contradicted. A claim's bound comes from the thesis or from theory,
// never from our runs. What is exact is proved; what is random is averaged over streams or seeds
// and tested, with a correction for the number of tests in a figure; runs that end before the
// thesis' do judge nothing. Where an item departs from the thesis, in size or because the thesis is
// silent, it says so.
package reproduce
