#!/usr/bin/env bash
# Plays a counseling session against a running BeMore, with curl only; see --help.
# Checks every answer and exits with status 1 at the first unexpected one.
set -euo pipefail

if ((BASH_VERSINFO[0] < 4)); then
  echo "demo.sh needs bash 4 or newer; this is $BASH_VERSION" >&2
  exit 2
fi
# Decimal points and byte-wise Hangul in every locale.
export LC_ALL=C

usage() {
  cat <<'END'
Usage: demo/demo.sh [--short | --long] [--serve] [--open DIR]

Plays one session: start, several minutes of frames, audio and transcript, a score for every minute, a batch of scores
with an invalid item, pause and resume, feedback, end. These are minutes of session time; the demo takes a few seconds.

  --short     3 minutes of session time (default 10)
  --long      30 minutes of session time
  --serve     start a service on a free port with a temporary SQLite file, and stop it afterwards
  --open DIR  save the report as text, PDF, HTML and CSV files in DIR
  --help      show this text

BASE_URL      address of the service (default http://localhost:8000; ignored with --serve)

Exit status: 0 all answers as expected, 1 an unexpected answer, 2 wrong usage or no service.
END
}

minutes=10 serve=false save_dir=""
while (($#)); do
  case $1 in
    --short) minutes=3 ;;
    --long) minutes=30 ;;
    --serve) serve=true ;;
    --open)
      if [[ -z ${2-} ]]; then
        echo "demo.sh: --open needs a directory" >&2
        exit 2
      fi
      save_dir=$2
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'demo.sh: unknown option %s\n\n' "$1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done

base_url=${BASE_URL:-http://localhost:8000}
base_url=${base_url%/}
# Never use a configured proxy for this machine.
export no_proxy="${no_proxy:+$no_proxy,}localhost,127.0.0.1,::1"

tmp=$(mktemp -d)
service="" guard="" sleeper=""

# --- Clean-up ---------------------------------------------------------------------------------------------------------

stop_service() { # PID, a process group leader: SIGTERM, and SIGKILL after ten seconds
  kill -TERM "$1" 2>/dev/null || true
  for _ in {1..100}; do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# shellcheck disable=SC2317  # called by the trap
clean_up() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  [[ -z $sleeper ]] || kill "$sleeper" 2>/dev/null || true
  [[ -z $service ]] || stop_service "$service"
  [[ -z $guard ]] || kill -KILL -- "-$guard" 2>/dev/null || true
  rm -rf -- "$tmp"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

pause_for() { # SECONDS; a signal interrupts it
  sleep "$1" >/dev/null 2>&1 &
  sleeper=$!
  wait "$sleeper"
  sleeper=""
}

# --- Requests ---------------------------------------------------------------------------------------------------------

run_id="demo-$(date +%s)-$$"
count=0 method="" path="" sent="" status="" request_id=""
declare -A answer=()

fail() { # MESSAGE: show the last request and its answer, and exit
  {
    printf '\nFAILED: %s\n\n' "$1"
    printf 'Request %d: %s %s%s\n  X-Request-Id: %s\n' "$count" "$method" "$base_url" "$path" "$request_id"
    [[ -z $sent ]] || printf '  %s\n' "$(head -c 3000 "$sent")"
    printf '\nAnswer:\n'
    [[ ! -s $tmp/head ]] || tr -d '\r' <"$tmp/head" | sed 's/^/  /'
    case $(header content-type) in
      *json* | text/*) printf '  %s\n' "$(head -c 3000 "$tmp/body")" ;;
      *) [[ ! -s $tmp/body ]] || echo "  (binary body)" ;;
    esac
    if [[ -s $tmp/service.log ]]; then
      printf '\nLast lines of the service log:\n'
      tail -n 20 "$tmp/service.log" | sed 's/^/  /'
    fi
  } >&2
  exit 1
}

flatten() { # JSON to lines "path<TAB>value", such as data.items.0.name<TAB>"x"; strings keep their quotes
  awk '
    function take(   token) {
      sub(/^[ \t\r\n]+/, "", rest)
      if (!match(rest, /^("([^"\\]|\\.)*"|[-+.0-9A-Za-z]+|[{}:,]|\[|\])/)) exit 1
      token = substr(rest, 1, RLENGTH)
      rest = substr(rest, RLENGTH + 1)
      return token
    }
    function value(path, token,   closing, n, name) {
      if (token != "{" && token != "[") {
        if (token !~ /^("|-|[0-9]|true$|false$|null$)/) exit 1
        print path "\t" token
        return
      }
      closing = token == "{" ? "}" : "]"
      token = take()
      if (token == closing) {
        print path "\t" (closing == "}" ? "{}" : "[]")
        return
      }
      for (n = 0; ; n++) {
        name = n
        if (closing == "}") {
          name = substr(token, 2, length(token) - 2)
          if (take() != ":") exit 1
          token = take()
        }
        value(path == "" ? name : path "." name, token)
        token = take()
        if (token == closing) return
        if (token != ",") exit 1
        token = take()
      }
    }
    { rest = rest $0 "\n" }
    END { value("", take()); if (rest ~ /[^ \t\r\n]/) exit 1 }
  '
}

read_answer() { # fill answer[] from the body
  local name value
  answer=()
  flatten <"$tmp/body" >"$tmp/fields" || fail "the answer is not JSON"
  while IFS=$'\t' read -r name value; do
    [[ -z $name ]] || answer["$name"]=$value
  done <"$tmp/fields"
}

header() { # NAME in lower case: its value in the last answer, if any
  [[ -s $tmp/head ]] || return 0
  tr -d '\r' <"$tmp/head" | awk -v name="$1:" 'tolower($1) == name { sub(/^[^:]*:[ \t]*/, ""); value = $0 } END { print value }'
}

send() { # METHOD PATH [BODY FILE] [MORE CURL OPTIONS…]: send one request; after a 429 wait and retry
  method=$1 path=$2 sent=${3-}
  local options=("${@:4}") wait_s waits=0
  [[ -z $sent ]] || options+=(-H 'Content-Type: application/json' --data-binary "@$sent")
  while :; do
    count=$((count + 1))
    request_id="$run_id-$count"
    rm -f -- "$tmp/head" "$tmp/body"
    if ! status=$(curl -q -sS --max-time 60 -X "$method" -H "X-Request-Id: $request_id" -D "$tmp/head" -o "$tmp/body" \
      -w '%{http_code}' ${options[@]+"${options[@]}"} "$base_url$path" 2>"$tmp/curl"); then
      fail "no answer: $(<"$tmp/curl")"
    fi
    [[ $status == 429 ]] || return 0
    wait_s=$(header retry-after)
    [[ $wait_s =~ ^[1-9][0-9]*$ ]] || fail "a 429 needs Retry-After in whole seconds, not '$wait_s'"
    waits=$((waits + 1))
    ((waits <= 20)) || fail "still 429 after 20 waits"
    echo "  429 Too Many Requests: retrying in $wait_s s (Retry-After)"
    pause_for "$wait_s"
  done
}

call() { # STATUS METHOD PATH [BODY FILE] [MORE CURL OPTIONS…]: send, check status and envelope
  local expected=$1
  shift
  send "$@"
  [[ $status =~ ^($expected)$ ]] || fail "expected status $expected, got $status"
  read_answer
  if ((status < 400)); then is success true; else is success false; fi
  is requestId "\"$request_id\""
  [[ $(header x-request-id) == "$request_id" ]] || fail "expected header X-Request-Id: $request_id"
  number serverTs
  text modelVersion
}

# --- Checks of the last answer ----------------------------------------------------------------------------------------

is() { # FIELD VALUE: VALUE is JSON, strings include their quotes
  [[ ${answer[$1]-nothing} == "$2" ]] || fail "expected $1 = $2, got ${answer[$1]-nothing}"
}

number() { # FIELD
  [[ ${answer[$1]-} =~ ^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$ ]] || fail "expected $1 to be a number, got ${answer[$1]-nothing}"
}

score() { # FIELD: 0..1 with at most 3 decimals
  [[ ${answer[$1]-} =~ ^(0(\.[0-9]{1,3})?|1(\.0{1,3})?)$ ]] ||
    fail "expected $1 to be between 0 and 1 with at most 3 decimals, got ${answer[$1]-nothing}"
}

text() { # FIELD: a non-empty string
  [[ ${answer[$1]-} =~ ^\".+\"$ ]] || fail "expected $1 to be a non-empty string, got ${answer[$1]-nothing}"
}

near() { # FIELD VALUE TOLERANCE
  awk -v a="${answer[$1]-x}" -v b="$2" -v most="$3" 'BEGIN { d = a - b; exit !(a ~ /^-?[0-9]/ && d <= most && d >= -most) }' ||
    fail "expected $1 = $2 ± $3, got ${answer[$1]-nothing}"
}

plain() { # FIELD: its string without the quotes
  local value=${answer[$1]-}
  value=${value#\"}
  printf '%s' "${value%\"}"
}

# --- Data as a browser sends it ---------------------------------------------------------------------------------------

frames_body() { # FROM_MS COUNT BASE_MS: one frame every 400 ms; the qualities also go to a file, to verify the score
  awk -v from="$1" -v count="$2" -v base="$3" -v values="$tmp/quality" 'BEGIN {
    printf "{\"items\":["
    for (i = 0; i < count; i++) {
      ts = from + 400 * i
      quality = sprintf("%.3f", 0.68 + 0.17 * sin(ts / 53000) + 0.1 * sin(ts / 1700))
      print quality >> values
      printf "%s{\"ts\":%.0f,\"qualityScore\":%s,", (i ? "," : ""), base + ts, quality
      if (i % 20) printf "\"faceLandmarksCompressed\":\"bG0x%06dAAECAwQFBgcICQ==\"}", ts % 1000000
      else printf "\"landmarks\":[[0.412,0.377,-0.021],[0.5%02d,0.379,-0.02],[0.488,0.52,0],[0.49,0.655]]}", i
    }
    printf "]}"
  }'
}

audio_body() { # FROM_MS COUNT BASE_MS: one chunk per second; vad is boolean in some, a probability in others
  awk -v from="$1" -v count="$2" -v base="$3" -v values="$tmp/voice" 'BEGIN {
    printf "{\"items\":["
    for (i = 0; i < count; i++) {
      ts = from + 1000 * i
      likely = sprintf("%.2f", 0.5 + 0.45 * sin(ts / 9000))
      voiced = likely > 0.45
      vad = i % 2 ? likely : (voiced ? "true" : "false")
      rms = sprintf("%.3f", voiced ? 0.3 + 0.15 * sin(ts / 2100) : 0.02)
      print (i % 2 ? likely : voiced), rms >> values
      printf "%s{\"tsStart\":%.0f,\"tsEnd\":%.0f,\"vad\":%s,\"rms\":%s,\"pitch\":", (i ? "," : ""), base + ts, base + ts + 1000, vad, rms
      printf voiced ? sprintf("%.1f}", 190 + 40 * sin(ts / 3300)) : "null}"
    }
    printf "]}"
  }'
}

sentences=(
  "요즘 잠을 잘 못 자서 많이 힘들었습니다."
  "회사에서 발표를 앞두고 너무 불안했습니다."
  "지난주에는 친구와 한강을 걸었습니다."
  "걷고 나니 기분이 조금 좋아졌습니다."
  "가족과 이야기를 나누면 마음이 편안합니다."
  "오늘은 특별한 일이 없었습니다."
  "가끔은 아무것도 하고 싶지 않고 우울합니다."
  "상담을 시작하고 나서 희망이 생겼습니다."
  "다음 약속은 화요일 오후 세 시입니다."
  "작은 목표를 이루어서 기쁘고 뿌듯합니다."
  "또 실수할까 봐 걱정이 많이 됩니다."
  "이야기를 들어 주셔서 감사합니다."
)

stt_body() { # FROM_MS COUNT BASE_MS: one sentence every 10 s
  local i start comma=""
  printf '{"items":['
  for ((i = 0; i < $2; i++)); do
    start=$(($3 + $1 + 10000 * i + 500))
    printf '%s{"tsStart":%d,"tsEnd":%d,"text":"%s","lang":"ko"}' "$comma" "$start" "$((start + 6200))" \
      "${sentences[($1 / 10000 + i) % ${#sentences[@]}]}"
    comma=,
  done
  printf ']}'
}

session="" started="" frames=0 chunks=0 snippets=0

upload_frames() { # FROM_MS COUNT BASE_MS
  frames_body "$@" >"$tmp/frames"
  frames=$((frames + $2))
  call 201 POST "/api/session/$session/frames" "$tmp/frames"
  is data.frameCount "$2"
  is data.totalFramesInSession "$frames"
}

upload_audio() { # FROM_MS COUNT BASE_MS
  audio_body "$@" >"$tmp/audio"
  chunks=$((chunks + $2))
  call 201 POST "/api/session/$session/audio" "$tmp/audio"
  is data.audioChunkCount "$2"
  is data.totalAudioChunksInSession "$chunks"
}

upload_stt() { # FROM_MS COUNT BASE_MS
  stt_body "$@" >"$tmp/stt"
  snippets=$((snippets + $2))
  call 201 POST "/api/session/$session/stt" "$tmp/stt"
  is data.sttSnippetCount "$2"
  is data.totalSttSnippetsInSession "$snippets"
}

tick() { # MINUTE FRAMES CHUNKS SNIPPETS: score a minute and compare the scores with the data sent
  printf '{"minuteIndex":%d}' "$1" >"$tmp/tick"
  call 201 POST "/api/session/$session/tick" "$tmp/tick"
  is data.minuteIndex "$1"
  is data.dataPoints.frameCount "$2"
  is data.dataPoints.audioChunkCount "$3"
  is data.dataPoints.sttSnippetCount "$4"
  score data.facialScore
  score data.vadScore
  score data.textScore
  score data.combinedScore
  is data.textSentiment "${answer[data.textScore]}"
  near data.facialScore "$(awk '{ s += $1 } END { printf "%.5f", s / NR }' "$tmp/quality")" 0.001
  near data.vadScore "$(awk '{ v += $1; r += $2 } END { printf "%.5f", (0.7 * v + 0.3 * r) / NR }' "$tmp/voice")" 0.001
  # Only the default weights have this version.
  if [[ ${answer[modelVersion]} == '"rules-v1.0"' ]]; then
    near data.combinedScore "$(awk -v f="${answer[data.facialScore]}" -v v="${answer[data.vadScore]}" -v t="${answer[data.textScore]}" \
      'BEGIN { printf "%.5f", 0.5 * f + 0.3 * v + 0.2 * t }')" 0.002
  fi
  rm -f -- "$tmp/quality" "$tmp/voice"
  printf '  minute %2d  frames %3d, audio chunks %2d, snippets %d: combined score %.3f\n' "$@" "${answer[data.combinedScore]}"
}

# --- Parts of the session ---------------------------------------------------------------------------------------------

start_session() {
  printf '{"userId":"demo_user","counselorId":"demo_counselor"}' >"$tmp/start"
  call 200 POST /api/session/start "$tmp/start"
  text data.sessionId
  number data.startedAt
  is data.status '"active"'
  is data.userId '"demo_user"'
  is data.counselorId '"demo_counselor"'
  session=$(plain data.sessionId)
  started=${answer[data.startedAt]}
  [[ $session =~ ^sess_[0-9]+_[a-z0-9]{16,}$ ]] || fail "expected sessionId to be sess_<seconds>_<16 or more letters and digits>"
  echo "Session $session started"
}

play_minute() { # MINUTE: telemetry with times relative to the session's start (base 0) and with epoch times
  local from=$(($1 * 60000))
  upload_frames "$from" 100 0
  if (($1 == 0)); then
    resend_frames "while the session runs"
  fi
  upload_frames $((from + 40000)) 40 "$started"
  if (($1 == minutes / 2)); then
    pause_and_resume "$from"
  else
    upload_frames $((from + 56000)) 10 0
  fi
  upload_audio "$from" 60 $(($1 % 2 ? started : 0))
  upload_stt "$from" 6 $(($1 % 2 ? 0 : started))
  tick "$1" 150 60 6
}

resend_frames() { # WHEN: send the last batch again, as after a time-out
  call 201 POST "/api/session/$session/frames" "$tmp/frames"
  is data.totalFramesInSession "$frames"
  echo "  resent a batch $1: stored once, still $frames frames"
}

pause_and_resume() { # FROM_MS: uploads continue while paused; a second pause changes nothing
  local at
  call 200 POST "/api/session/$session/pause"
  is data.status '"paused"'
  number data.pausedAt
  at=${answer[data.pausedAt]}
  upload_frames $(($1 + 56000)) 10 0
  call 200 POST "/api/session/$session/pause"
  is data.pausedAt "$at"
  call 200 POST "/api/session/$session/resume"
  is data.status '"active"'
  number data.resumedAt
  echo "  paused, uploaded 10 frames, resumed"
}

last_batches() { # small batches of the unfinished last minute
  local from=$((minutes * 60000))
  upload_frames "$from" 3 0
  upload_audio "$from" 1 "$started"
  upload_stt "$from" 2 0
  tick "$minutes" 3 1 2
}

batch_tick() { # scores computed by the browser, one of them invalid
  local first=$((minutes + 1))
  cat >"$tmp/batch" <<END
{"sessionId":"$session","items":[
{"minuteIndex":$first,"facialScore":0.725,"vadScore":0.61,"textScore":0.482,"combinedScore":0.642,
 "keywords":["불안","학업"],"sentiment":"neutral","confidence":0.9,"durationMs":60000},
{"minuteIndex":$((first + 1)),"facialScore":72.5,"vadScore":0.6,"textScore":0.5,"combinedScore":0.64},
{"minuteIndex":$((first + 2)),"facialScore":0.81,"vadScore":0.58,"textScore":0.7,"combinedScore":0.719,
 "keywords":["희망"],"sentiment":"positive"}]}
END
  call 201 POST /api/session/batch-tick "$tmp/batch"
  is count 2
  is message '"2개 항목이 처리되었습니다 (1개 오류)"'
  text batchId
  is data.success true
  is data.count 2
  is data.batchId "${answer[batchId]}"
  is errors.0.index 1
  is errors.0.minuteIndex $((first + 1))
  is errors.0.field '"facialScore"'
  text errors.0.message
  is errors.1.index nothing
  printf '\nAnswer to a batch of three scores, one of them with facialScore 72.5:\n  %s\n\n' "$(<"$tmp/body")"
}

show_inferences() { # print the minute scores as a table
  local i minute expected total=$((minutes + 3)) source
  call 200 GET "/api/session/$session/inferences"
  echo "minute  facial     vad    text  combined  source"
  for ((i = 0; i < total; i++)); do
    source=server minute=$i
    # The browser's two scores come last; the minute between them was refused.
    if ((i > minutes)); then source=client; fi
    if ((i == total - 1)); then minute=$((i + 1)); fi
    expected="data.inferences.$i"
    is "$expected.minuteIndex" "$minute"
    is "$expected.source" "\"$source\""
    is "$expected.sessionId" "\"$session\""
    score "$expected.facialScore"
    score "$expected.vadScore"
    score "$expected.textScore"
    score "$expected.combinedScore"
    printf '%6d   %.3f   %.3f   %.3f     %.3f  %s\n' "$minute" "${answer[$expected.facialScore]}" "${answer[$expected.vadScore]}" \
      "${answer[$expected.textScore]}" "${answer[$expected.combinedScore]}" "$source"
  done
  is "data.inferences.$total.minuteIndex" nothing
  is data.stats.totalMinutes "$total"
  score data.stats.avgCombinedScore
  printf '  mean   %.3f   %.3f   %.3f     %.3f\n\n' "${answer[data.stats.avgFacialScore]}" "${answer[data.stats.avgVadScore]}" \
    "${answer[data.stats.avgTextScore]}" "${answer[data.stats.avgCombinedScore]}"
}

give_feedback() {
  printf '{"rating":5,"note":"편안하게 이야기할 수 있었습니다."}' >"$tmp/feedback"
  call 201 POST "/api/session/$session/feedback" "$tmp/feedback"
  is message '"피드백이 저장되었습니다"'
  is data.sessionId "\"$session\""
  is data.rating 5
  [[ -n ${answer[data.feedbackId]-} ]] || fail "data.feedbackId is missing"
  number data.submittedAt
  echo "Feedback: 5 of 5"
}

totals() { # PREFIX: compare the session's totals with the data sent
  is "$1.totalFrames" "$frames"
  is "$1.totalAudioChunks" "$chunks"
  is "$1.totalSttSnippets" "$snippets"
}

ended=""

end_session() { # twice: without a body, and with an empty body of type JSON
  call 200 POST "/api/session/$session/end"
  is data.status '"ended"'
  number data.endedAt
  ended=${answer[data.endedAt]}
  is data.duration $((ended - started))
  totals data.stats
  is data.inferenceStats.totalMinutes $((minutes + 3))
  call 200 POST "/api/session/$session/end" "" -H 'Content-Type: application/json' --data ''
  is data.endedAt "$ended"
  echo "Ended twice, with the same endedAt"
}

check_session() {
  call 200 GET "/api/session/$session"
  is data.sessionId "\"$session\""
  is data.userId '"demo_user"'
  is data.status '"ended"'
  is data.startedAt "$started"
  is data.endedAt "$ended"
  is data.duration $((ended - started))
  is data.sttCount "$snippets"
  totals data.stats
  echo "Stored: $frames frames, $chunks audio chunks, $snippets snippets, $((minutes + 3)) minute scores: everything sent, nothing twice"
}

# --- The report -------------------------------------------------------------------------------------------------------

save() { # PATH FILE TYPE START: download PATH; its content begins with START
  send GET "$1"
  [[ $status == 200 ]] || fail "expected status 200, got $status"
  [[ $(header content-type) == "$3"* ]] || fail "expected Content-Type $3, got $(header content-type)"
  [[ $(head -c "${#4}" "$tmp/body") == "$4" ]] || fail "expected the file to begin with $4"
  cp -- "$tmp/body" "$save_dir/$2"
  echo "  saved $save_dir/$2"
}

show_report() { # print the summary of the last answer; with --open DIR also save the report files
  local summary report="/api/session/$session/report" bom=$'\xef\xbb\xbf'
  text data.summary
  summary=$(plain data.summary)
  # Undo JSON's escapes.
  summary=${summary//\\n/$'\n'}
  summary=${summary//\\\"/\"}
  printf '\nReport summary:\n%s\n' "$summary" | sed -e '3,$ s/^./  &/'
  [[ -n $save_dir ]] || return 0
  mkdir -p -- "$save_dir"
  printf '%s\n' "$summary" >"$save_dir/summary.txt"
  echo "  saved $save_dir/summary.txt"
  save "$report/pdf" report.pdf application/pdf "%PDF-"
  save "$report/html" report.html text/html "<"
  save "$report/csv?kind=vad" vad.csv text/csv "${bom}minuteIndex,"
  save "$report/csv?kind=emotion" emotion.csv text/csv "${bom}minuteIndex,"
}

report() {
  call 200 GET "/api/session/$session/report/summary"
  is data.reportId "\"rep_${session#sess_}\""
  show_report
}

# --- The service ------------------------------------------------------------------------------------------------------

free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  return 1
}

start_service() {
  local root command port
  root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
  command="$root/.venv/bin/bemore"
  if [[ ! -x $command ]] && ! command=$(command -v bemore); then
    cat >&2 <<END
demo.sh: neither $root/.venv/bin/bemore nor bemore on the PATH exists. Install it first:
  python3 -m venv "$root/.venv" && "$root/.venv/bin/pip" install "$root"
END
    exit 2
  fi
  port=$(free_port) || { echo "demo.sh: no free port" >&2; exit 2; }
  base_url="http://127.0.0.1:$port"
  # In its own process group, so that signals from the terminal reach this script first. In another directory, so that no
  # .env file is read. Settings that would connect the demo to other servers are cleared.
  set -m
  (
    cd -- "$tmp"
    exec env HOST=127.0.0.1 PORT="$port" DATABASE_URL="sqlite:///$tmp/demo.db" BEMORE_ENV=development REDIS_URL= \
      WEB_CONCURRENCY=1 TRUSTED_PROXIES=0 AUTH_ENABLED= "$command" serve
  ) </dev/null >"$tmp/service.log" 2>&1 &
  service=$!
  # Stops the service even if this script is killed with SIGKILL.
  (
    trap '' INT HUP
    while kill -0 $$; do sleep 1; done
    stop_service "$service"
    rm -rf -- "$tmp"
  ) </dev/null >/dev/null 2>&1 &
  guard=$!
  disown "$guard"
  set +m
  echo "Starting $command on $base_url"
}

wait_until_ready() {
  local deadline=$((SECONDS + 10))
  if [[ -n $service ]]; then deadline=$((SECONDS + 60)); fi
  until [[ $(curl -q -s --max-time 5 -o /dev/null -w '%{http_code}' "$base_url/health/ready") == 200 ]]; do
    if [[ -n $service ]] && ! kill -0 "$service" 2>/dev/null; then
      echo "demo.sh: the service did not start:" >&2
      sed 's/^/  /' "$tmp/service.log" >&2
      exit 2
    fi
    if ((SECONDS >= deadline)); then
      echo "demo.sh: $base_url/health/ready is not ready. Start the service (bemore serve), set BASE_URL, or use --serve." >&2
      exit 2
    fi
    pause_for 0.2
  done
}

if $serve; then start_service; fi
wait_until_ready
start_session
for ((now = 0; now < minutes; now++)); do
  play_minute "$now"
done
last_batches
batch_tick
show_inferences
give_feedback
end_session
resend_frames "after the end"
check_session
report
printf '\n%d requests, every answer as expected.\n' "$count"
