// Package pytorch lets our code and a PyTorch script take turns, so that other work on the machine
// slows both. It serves the comparisons that the scripts in the folder benchmarks start.
package pytorch

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Script is a Python program that answers each line of input by a line with a number.
type Script struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// Start starts a program's text on a number of threads.
func Start(python, text string, threads int) (*Script, error) {
	cmd := exec.Command(python, "-c", text)
	cmd.Env = append(os.Environ(), fmt.Sprintf("OMP_NUM_THREADS=%d", threads),
		fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", threads))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", python, err)
	}
	return &Script{in, bufio.NewReader(out), cmd}, nil
}

// Ask sends a line and returns the answer.
func (s *Script) Ask(line string) (float64, error) {
	if _, err := fmt.Fprintln(s.in, line); err != nil {
		return 0, err
	}
	answer, err := s.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("the script ended: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(answer), 64)
}

// Close ends the program.
func (s *Script) Close() error {
	s.in.Close()
	return s.cmd.Wait()
}

// pause is how long PyTorch's threads may spin after they have nothing to do any more.
const pause = 150 * time.Millisecond

// Turns lets PyTorch, and then each of ours in an order that is reversed each time, take warmUp + n
// turns, and returns the numbers of the last n.
func Turns(
	warmUp, n int, theirs func() (float64, error), ours ...func() (float64, error),
) (their []float64, our [][]float64, err error) {
	our = make([][]float64, len(ours))
	for i := range warmUp + n {
		t, err := theirs()
		if err != nil {
			return nil, nil, err
		}
		time.Sleep(pause)
		if i >= warmUp {
			their = append(their, t)
		}
		for j := range ours {
			if i%2 == 1 {
				j = len(ours) - 1 - j
			}
			v, err := ours[j]()
			if err != nil {
				return nil, nil, err
			}
			if i >= warmUp {
				our[j] = append(our[j], v)
			}
		}
	}
	return their, our, nil
}

// Ratio is the median of the pairs' ratios.
func Ratio(a, b []float64) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return Median(r)
}

// Median is the median.
func Median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
