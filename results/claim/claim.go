package claim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Config are the times of a claimant. All harnesses on a folder should use the same.
type Config struct {
	Beat  time.Duration // between two heartbeats; 0: 20 s
	Stale time.Duration // without a heartbeat, after which an owner counts as dead; 0: 5 min
	// Now is the clock; nil: time.Now. With a clock of its own, a Claimant beats only when
	// [Claimant.Heartbeat] is called.
	Now func() time.Time
	Job string // of a batch system, such as 1234_5: shown in lists of claims
}

// Owner names the process that holds a claim.
type Owner struct {
	Token   string `json:"token"` // unique
	Machine string `json:"machine"`
	PID     int    `json:"pid"`
	// Boot and Start identify the process among all that had or will have this PID: the kernel's
	// boot and process-number space, and when the process started. Empty where that is unknown.
	Boot  string `json:"boot,omitempty"`
	Start string `json:"start,omitempty"`
	Job   string `json:"job,omitempty"` // of a batch system, such as 1234_5
}

// Claimant claims runs on behalf of one process. Its methods may be called concurrently.
type Claimant struct {
	dir    string
	config Config
	owner  Owner
	stop   chan struct{} // closed by Close; nil with a clock of its own

	mu     sync.Mutex
	file   *os.File // claims/owners/TOKEN; nil until the first claim
	beat   int64
	held   map[string]context.CancelFunc // by run
	others map[string]*observed          // by token
}

// observed is what is known of another owner.
type observed struct {
	beat  int64
	at    time.Time     // of the last look
	still time.Duration // for which the heartbeat has not changed
}

// New returns a claimant on a results folder. Nothing is written before the first claim.
func New(results string, config Config) *Claimant {
	if config.Beat == 0 {
		config.Beat = 20 * time.Second
	}
	if config.Stale == 0 {
		config.Stale = 5 * time.Minute
	}
	c := &Claimant{
		dir: filepath.Join(results, "claims"), config: config, owner: thisProcess(config.Job),
		held: map[string]context.CancelFunc{}, others: map[string]*observed{},
	}
	if config.Now == nil {
		c.config.Now = time.Now
		c.stop = make(chan struct{})
		go c.beats()
	}
	return c
}

// Owner returns what the claimant calls itself in its claims.
func (c *Claimant) Owner() Owner { return c.owner }

// Take claims a run. ok is false while another owner that may be alive has claimed it. The
// returned context ends with ctx, or when the claim was lost because others took this process for
// dead. release gives the claim back; it has to be called once, and never blocks for long.
func (c *Claimant) Take(
	ctx context.Context, id string,
) (held context.Context, release func(), ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[id] != nil {
		return nil, nil, false, nil // this process makes it
	}
	if err := c.join(); err != nil {
		return nil, nil, false, c.explain(id, err)
	}
	path := filepath.Join(c.dir, id)
	for range 3 { // a claim may go, or be taken over, between two looks
		err = c.link(path)
		if errors.Is(err, fs.ErrNotExist) { // others took this process for dead
			c.rejoin()
			if err = c.join(); err == nil {
				err = c.link(path)
			}
		}
		if err == nil {
			held, cancel := context.WithCancel(ctx)
			c.held[id] = cancel
			return held, func() { c.release(id) }, true, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, nil, false, c.explain(id, err)
		}
		free, err := c.takeOver(path)
		if err != nil {
			return nil, nil, false, c.explain(id, err)
		}
		if !free {
			return nil, nil, false, nil
		}
	}
	return nil, nil, false, nil
}

// link makes the claim. On NFS an answer may get lost and the repeated request find its own link:
// what counts is whose file the name leads to.
func (c *Claimant) link(path string) error {
	err := os.Link(c.file.Name(), path)
	if err != nil && c.mine(path) {
		return nil
	}
	return err
}

// mine reports whether a claim is this claimant's.
func (c *Claimant) mine(path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	own, err := c.file.Stat()
	return err == nil && os.SameFile(there, own)
}

// takeOver frees the name of a claim whose owner is dead, and reports whether it is free.
func (c *Claimant) takeOver(path string) (free bool, err error) {
	owner, beat, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil && !errors.Is(err, errNoClaim) {
		return false, err
	}
	if !errors.Is(err, errOdd) && !c.dead(owner, beat) {
		return false, nil
	}
	if owner.Token != "" {
		// if it is alive, it joins again
		_ = os.Remove(filepath.Join(c.dir, "owners", filepath.Base(owner.Token)))
	}
	aside := fmt.Sprintf("%s.%s", path, c.owner.Token)
	if err := os.Rename(path, aside); errors.Is(err, fs.ErrNotExist) {
		return true, nil // another observer was faster
	} else if err != nil {
		return false, err
	}
	now, _, err := read(aside)
	if errors.Is(err, errOdd) {
		_ = os.Remove(aside) // a folder with contents stays there
		return true, nil
	}
	if err == nil && now.Token != owner.Token {
		_ = os.Link(aside, path) // that claim is alive; if a third claimed meanwhile, both make the run
		return false, os.Remove(aside)
	}
	return true, os.Remove(aside)
}

// dead reports whether an owner counts as dead after one more look at its heartbeat.
func (c *Claimant) dead(owner Owner, beat int64) bool {
	if owner.gone() {
		return true
	}
	now := c.config.Now()
	o := c.others[owner.Token]
	if o == nil || o.beat != beat {
		c.others[owner.Token] = &observed{beat: beat, at: now}
		return false
	}
	o.still += min(now.Sub(o.at), 2*c.config.Beat)
	o.at = now
	return o.still >= c.config.Stale
}

func (c *Claimant) release(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cancel := c.held[id]
	if cancel == nil {
		return
	}
	cancel()
	delete(c.held, id)
	if path := filepath.Join(c.dir, id); c.file != nil && c.mine(path) {
		_ = os.Remove(path) // if that fails, the claim ends with this process
	}
}

// join makes the owner's file.
func (c *Claimant) join() error {
	if c.file != nil {
		return nil
	}
	owners := filepath.Join(c.dir, "owners")
	if err := os.MkdirAll(owners, 0o777); err != nil {
		return err
	}
	c.sweep(owners)
	f, err := os.OpenFile(filepath.Join(owners, c.owner.Token), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	c.file = f
	return c.write()
}

// write puts the owner and its heartbeat into the owner's file. The heartbeat has always the same
// length and the owner never changes, so that a reader sees an old or a new heartbeat.
func (c *Claimant) write() error {
	line, err := json.Marshal(c.owner)
	if err != nil {
		return err
	}
	_, err = c.file.WriteAt(fmt.Appendf(nil, "%s\n%019d\n", line, c.beat), 0)
	return err
}

// forgotten is how old a heartbeat of another machine is when the owner's files are removed. It is
// that long since it compares clocks of two machines.
const forgotten = 7 * 24 * time.Hour

// sweep removes what owners left behind that are dead for certain. Errors are ignored, since such
// files do no harm.
func (c *Claimant) sweep(owners string) {
	entries, _ := os.ReadDir(owners)
	alive := map[string]bool{}
	for _, e := range entries {
		path := filepath.Join(owners, e.Name())
		info, err := e.Info()
		if err != nil {
			continue
		}
		if o, _, err := read(path); time.Since(info.ModTime()) > forgotten || err == nil && o.gone() {
			_ = os.Remove(path)
		} else {
			alive[e.Name()] = true
		}
	}
	claims, _ := os.ReadDir(c.dir)
	for _, e := range claims {
		path := filepath.Join(c.dir, e.Name())
		o, _, err := read(path)
		if err != nil || alive[o.Token] || exists(filepath.Join(owners, filepath.Base(o.Token))) {
			continue
		}
		_ = os.Remove(path)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Heartbeat tells the others that this process is alive, and ends the contexts of claims that it
// has lost. It is called by itself unless the claimant has a clock of its own.
func (c *Claimant) Heartbeat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil {
		return
	}
	if !c.mine(c.file.Name()) {
		c.rejoin()
		return
	}
	c.beat++
	_ = c.write() // the next one may succeed; if none does, others take the runs over
	for id, cancel := range c.held {
		if !c.mine(filepath.Join(c.dir, id)) {
			cancel()
		}
	}
}

// rejoin gives up all claims, after others took this process for dead. The next claim is made
// under a new name.
func (c *Claimant) rejoin() {
	for _, cancel := range c.held {
		cancel()
	}
	_ = c.file.Close()
	c.file, c.owner.Token = nil, rand.Text()
}

func (c *Claimant) beats() {
	tick := time.NewTicker(c.config.Beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.Heartbeat()
		case <-c.stop:
			return
		}
	}
}

// Close releases all claims. The claimant must not be used afterwards.
func (c *Claimant) Close() {
	if c.stop != nil {
		close(c.stop)
	}
	c.mu.Lock()
	held := c.held
	c.mu.Unlock()
	for id := range held {
		c.release(id)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	owners := filepath.Join(c.dir, "owners")
	if c.file != nil {
		_ = os.Remove(c.file.Name())
		_ = c.file.Close()
	}
	c.sweep(owners)       // an owner may have died since this one joined
	_ = os.Remove(owners) // the last one leaves nothing behind
	_ = os.Remove(c.dir)
}

// explain adds to an error of the file system what was attempted and what to do.
func (c *Claimant) explain(id string, err error) error {
	advice := "make the folder writable"
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		advice = "choose a results folder on a file system with hard links"
	}
	return fmt.Errorf("cannot claim run %.12s: %w; %s", id, err, advice)
}

// errNoClaim is the error of reading a file that is not a claim.
var errNoClaim = errors.New("not a claim")

// errOdd is errNoClaim for what no claimant can have written, by its type or size.
var errOdd = fmt.Errorf("%w, and not one cut short", errNoClaim)

// maxClaim bounds what is read: a claim has a few hundred bytes.
const maxClaim = 4096

// read returns the owner of a claim and the number of its last heartbeat. A file that is not a
// claim, such as one cut short by a full disk, has an owner without a token and a heartbeat of 0.
func read(path string) (Owner, int64, error) {
	if info, err := os.Lstat(path); err != nil {
		return Owner{}, 0, err
	} else if !info.Mode().IsRegular() || info.Size() > maxClaim {
		return Owner{}, 0, fmt.Errorf("%s: %w; remove it", path, errOdd)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Owner{}, 0, err
	}
	owner, beat, ok := parse(data)
	if !ok {
		return Owner{}, 0, fmt.Errorf("%s: %w", path, errNoClaim)
	}
	return owner, beat, nil
}

// parse reads the contents of a claim.
func parse(data []byte) (owner Owner, beat int64, ok bool) {
	line, rest, _ := strings.Cut(string(data), "\n")
	beat, numberErr := strconv.ParseInt(strings.TrimSuffix(rest, "\n"), 10, 64)
	if err := errors.Join(json.Unmarshal([]byte(line), &owner), numberErr); err != nil ||
		owner.Token == "" {
		return Owner{}, 0, false
	}
	return owner, beat, true
}

// Claim is a run that an owner has claimed.
type Claim struct {
	ID    string
	Owner Owner
	Gone  bool // the owner was a process of this machine, and has ended
}

// List returns the claims in a results folder, in the order of their runs' IDs. Files that are not
// claims are skipped.
func List(results string) ([]Claim, error) {
	dir := filepath.Join(results, "claims")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var claims []Claim
	for _, e := range entries {
		if owner, _, err := read(filepath.Join(dir, e.Name())); err == nil && len(e.Name()) == 64 {
			claims = append(claims, Claim{ID: e.Name(), Owner: owner, Gone: owner.gone()})
		}
	}
	return claims, nil
}

// thisProcess is the owner that claims of this process name.
func thisProcess(job string) Owner {
	machine, err := os.Hostname()
	if err != nil {
		machine = "unknown"
	}
	return Owner{
		Token: rand.Text(), Machine: machine, PID: os.Getpid(),
		Boot: boot(), Start: started(os.Getpid()), Job: job,
	}
}

// gone reports whether the owner was a process of this machine that has ended for certain.
func (o *Owner) gone() bool {
	return o.Boot != "" && o.Boot == boot() && !mayLive(o.PID, o.Start)
}
