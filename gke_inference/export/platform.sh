#!/bin/sh
# Runs Terraform in the stacks of platform @PLATFORM@, in order. Written by `gke-inference export`.
set -eu
umask 077
cd "$(dirname "$0")"

usage() {
  cat <<'EOF'
./platform.sh COMMAND [STACK...]     without STACK: all of them

order                       print the stacks in the order in which they are applied
init                        init with the settings in backend/
plan                        plan what can be planned: plans/STACK.json, stacks/STACK/tfplan
ready STACK...              end with 1 where a stack that STACK needs is not applied yet
apply                       plan and apply, in order
destroy --yes @PLATFORM@    destroy, in reverse order
check                       give the plans in plans/ to PLAN_CHECK
check-removed               end with 1 where a stack that an older config had still holds something
removed                     print the stacks that an older config had, and whether they still hold something
remove --yes @PLATFORM@     destroy them, and apply the others, in the order that is safe
lock                        write .terraform.lock.hcl for each platform of LOCK_PLATFORMS

Variables: TERRAFORM (the program, such as tofu; without it that of TERRAFORM_BINARY_NAME),
INIT_ARGS (more arguments of each init, such as -backend-config=bucket=NAME),
LOCK_PLATFORMS (such as "linux_amd64 darwin_arm64"), LOCK_TIMEOUT (how long to wait for a state, 10m),
PLAN_CHECK (a command that gets the folder plans/ before anything is applied, and refuses by ending with another code
than 0; where the package is installed it is "gke-inference plan-check", and an empty text turns it off).
Exit codes: 0 done, 1 something failed or is refused, 2 wrong input.
EOF
}

platform=@PLATFORM@
order="@ORDER@"
reverse="@REVERSE@"
removed="@REMOVED@"
steps="@STEPS@"
terraform=${TERRAFORM:-${TERRAFORM_BINARY_NAME:-terraform}}
installed=
if command -v gke-inference >/dev/null; then installed="gke-inference plan-check"; fi
plan_check=${PLAN_CHECK-$installed}

# One folder of data for all roots, another workspace, or settings of another cluster, would mix what is apart.
unset TF_DATA_DIR TF_WORKSPACE
# A part of a stack counts as all of it for those that need it.
case "${TF_CLI_ARGS:-} ${TF_CLI_ARGS_plan:-} ${TF_CLI_ARGS_apply:-}" in
  *-target* | *-destroy* | *-exclude*)
    echo "unset TF_CLI_ARGS, TF_CLI_ARGS_plan and TF_CLI_ARGS_apply: a stack is planned as a whole" >&2
    exit 2
    ;;
esac
for variable in $(env | sed -n 's/^\(KUBE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$variable"; done
export TF_IN_AUTOMATION=1 TF_INPUT=0

needs() {
  case $1 in
@NEEDS@
  esac
}

users() {
  for other in $order; do
    case " $(needs "$other") " in *" $1 "*) echo "$other" ;; esac
  done
}

refuse() {
  echo "refused: $*" >&2
  exit 1
}

# Runs Terraform in the folder $1, with the other arguments.
run() {
  in_folder=$1
  shift
  "$terraform" -chdir="$in_folder" "$@"
}

# Prints the file with the settings of the backend of the folder $1, as seen from that folder.
settings() {
  case $1 in
    stacks/*) @SETTINGS@ ;;
    *) if [ -f "$1/backend.tfbackend" ]; then echo backend.tfbackend; fi ;;
  esac
}

init_folder() {
  mark="$work/$(echo "$1" | tr / _)"
  if [ -e "$mark" ]; then return 0; fi
  file=$(settings "$1")
  # The files say where the state is, not what an earlier init has noted.
  # shellcheck disable=SC2086
  run "$1" init -input=false -no-color -lock-timeout="$lock_timeout" \
    ${file:+-reconfigure} ${file:+-backend-config="$file"} ${INIT_ARGS:-} >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    echo "failed: init in $1" >&2
    return 1
  }
  : >"$mark"
}

# Ends with 0 where the state of the folder $1 holds something, with 1 where it holds nothing.
applied() {
  init_folder "$1" || exit 1
  state=$(run "$1" state pull) || exit 1
  # Terraform prints a state in lines, OpenTofu in one.
  case $(printf %s "$state" | tr -d ' \n') in
    "") return 1 ;;
    *'"outputs":{}'*'"resources":[]'*) return 1 ;;
  esac
}

# Prints the stacks that $1 needs and that are not applied.
missing() {
  for need in $(needs "$1"); do
    if applied "stacks/$need"; then :; else echo "$need"; fi
  done
}

plan_stack() {
  echo "== plan $1"
  init_folder "stacks/$1" || return 1
  run "stacks/$1" plan -input=false -lock-timeout="$lock_timeout" -out=tfplan || return 1
  mkdir -p plans
  run "stacks/$1" show -json tfplan >"plans/$1.json" || return 1
}

check_plans() {
  if [ -n "$plan_check" ] && [ -d plans ]; then
    # The plans are all that it gets: the path of a config may not lead there from this folder.
    (unset INFERENCE_CONFIG && $plan_check plans)
  fi
}

apply_stack() {
  absent=$(missing "$1") || return 1
  # shellcheck disable=SC2086
  [ -z "$absent" ] || { echo "refused: $1 needs" $absent "first" >&2; return 1; }
  plan_stack "$1" || return 1
  check_plans || return 1
  echo "== apply $1"
  run "stacks/$1" apply -input=false -lock-timeout="$lock_timeout" tfplan || return 1
  rm -f "stacks/$1/tfplan"
}

destroy_folder() {
  if applied "$1"; then
    echo "== destroy $1"
    run "$1" apply -destroy -auto-approve -input=false -lock-timeout="$lock_timeout" || return 1
  else
    echo "== $1 holds nothing"
  fi
}

# Plans the stack $1 in the folder $2 again, which shows PLAN_CHECK what has been done.
show_done() {
  [ -n "$plan_check" ] || return 0
  done_stack=$1 done_folder=$2
  shift 2
  mkdir -p plans
  run "$done_folder" plan "$@" -input=false -lock-timeout="$lock_timeout" -out=tfplan >/dev/null &&
    run "$done_folder" show -json tfplan >"plans/$done_stack.json"
  rm -f "$done_folder/tfplan"
}

# Prints the removed stacks that still hold something.
left() {
  for stack in $removed; do
    if [ -d "stale/$stack" ] && applied "stale/$stack"; then echo "$stack"; fi
  done
}

refuse_left() {
  still=$(left) || exit 1
  # shellcheck disable=SC2086
  [ -z "$still" ] || refuse "an older config had" $still "which still hold something: see ./platform.sh remove"
}

command=${1:-help}
[ $# -eq 0 ] || shift
yes=
if [ "${1:-}" = --yes ]; then
  yes=${2:-}
  shift
  [ $# -eq 0 ] || shift
fi
case $command in
  destroy | remove)
    [ "$yes" = "$platform" ] || { echo "give --yes $platform: it deletes what is there" >&2; exit 2; }
    ;;
esac
for stack in "$@"; do
  case " $order " in *" $stack "*) ;; *) echo "$stack is no stack; they are: $order" >&2; exit 2 ;; esac
done
in_order() {
  if [ $# -eq 0 ]; then echo "$order"; return; fi
  for stack in $order; do
    case " $* " in *" $stack "*) echo "$stack" ;; esac
  done
}
chosen=$(in_order "$@")
lock_timeout=${LOCK_TIMEOUT:-10m}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $command in
  order)
    for stack in $order; do echo "$stack"; done
    ;;
  init)
    for stack in $chosen; do init_folder "stacks/$stack"; done
    ;;
  ready)
    for stack in $chosen; do
      absent=$(missing "$stack") || exit 1
      # shellcheck disable=SC2086
      [ -z "$absent" ] || refuse "$stack cannot be planned before these are applied:" $absent
    done
    ;;
  plan)
    failed= waiting=
    if [ $# -eq 0 ]; then rm -rf plans; fi
    for stack in $chosen; do
      rm -f "plans/$stack.json" "stacks/$stack/tfplan"
      absent=$(missing "$stack") || exit 1
      if [ -n "$absent" ]; then
        waiting="$waiting $stack"
        # shellcheck disable=SC2086
        echo "== $stack waits: it cannot be planned before these are applied:" $absent
      elif plan_stack "$stack"; then
        :
      else
        failed="$failed $stack"
      fi
    done
    check_plans || failed="$failed PLAN_CHECK"
    echo "== planned; waiting:${waiting:- none}; failed:${failed:- none}"
    still=$(left) || exit 1
    # shellcheck disable=SC2086
    [ -z "$still" ] || echo "== an older config had these, apply will be refused until ./platform.sh remove:" $still
    [ -z "$failed" ]
    ;;
  apply)
    refuse_left
    if [ $# -eq 0 ]; then rm -rf plans; fi
    for stack in $chosen; do apply_stack "$stack" || refuse "$stack is not applied, nor is what comes after it"; done
    ;;
  destroy)
    refuse_left
    for stack in $reverse; do
      case " $(echo $chosen) " in *" $stack "*) ;; *) continue ;; esac
      for user in $(users "$stack"); do
        if applied "stacks/$user"; then refuse "$stack is needed by $user, which is still there"; fi
      done
      destroy_folder "stacks/$stack" || refuse "$stack is not destroyed, nor is what it needs"
    done
    ;;
  check) check_plans ;;
  check-removed) refuse_left ;;
  removed)
    for stack in $removed; do
      if [ ! -d "stale/$stack" ]; then continue; fi
      if applied "stale/$stack"; then echo "$stack holds something"; else echo "$stack is empty"; fi
    done
    ;;
  remove)
    rm -rf plans
    for step in $steps; do
      stack=${step#*:}
      case $step in
        destroy:*)
          [ -d "stale/$stack" ] || continue
          destroy_folder "stale/$stack" || refuse "$stack is not destroyed, and nothing after it was done"
          show_done "$stack" "stale/$stack" -destroy -refresh=false
          ;;
        # What was never applied has nothing to let go of.
        *)
          if applied "stacks/$stack"; then
            apply_stack "$stack" || refuse "$stack is not applied, and nothing after it was done"
            show_done "$stack" "stacks/$stack"
          fi
          ;;
      esac
    done
    [ -z "$removed" ] || echo "== done: delete the folders in stale/ and export again"
    ;;
  lock)
    for stack in $chosen; do
      set --
      for target in ${LOCK_PLATFORMS:-@LOCK_PLATFORMS@}; do set -- "$@" "-platform=$target"; done
      run "stacks/$stack" providers lock "$@"
    done
    ;;
  help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
