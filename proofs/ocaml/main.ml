(* rhoset-verified CERT --network NET: the extracted checkers on the files of the Python checker.

   Not proved: this file, the reader, and what Extract.v and uint63.ml say.  What is chosen here (places kept,
   generators) may be anything: the proved functions answer for themselves. *)

let bits_of = Z.numbits   (* zarith, before a module of its name hides it *)

open Verified
open Explanation
let bits = Safetensors.matrix Safetensors.float_bits
let value b = Float.abs (Int32.float_of_bits (Int32.of_int b))

(* Largest |entry|, and largest Σ|entry| of a row or of a column. *)
let largest rows = List.fold_left (List.fold_left (fun a b -> Float.max a (value b))) 0.0 rows
let row_total rows =
  List.fold_left (fun a row -> Float.max a (List.fold_left (fun s b -> s +. value b) 0.0 row)) 0.0 rows
let column_total rows = match rows with
  | [] -> 0.0
  | first :: _ ->
    let sums = Array.make (List.length first) 0.0 in
    List.iter (List.iteri (fun j b -> sums.(j) <- sums.(j) +. value b)) rows;
    Array.fold_left Float.max 0.0 sums

let places = 149
let clamp k = if k < 0 then 0 else k

(* Bits after the point for reads and for writes, so that no sum leaves 63 bits. *)
let share reads writes bias =
  let most = Float.max 1e-30 ((2.0 *. reads *. writes) +. (2.0 *. bias)) in
  let total = int_of_float (Float.floor (61.0 -. log2 most -. 0.5)) in
  (total - (total / 2), total / 2)

type loaded = Plain of stored | Factors of factored

let load path =
  let f = Safetensors.read path in
  (match List.assoc_opt "activation" f.metadata with
   | None -> ()
   | Some a when String.lowercase_ascii a = "relu" -> ()
   | Some a -> bad "activation %s: the proved checker knows relu only" a);
  let plain = Safetensors.has f "left" in
  let name = if Safetensors.has f "table" then "table" else "cayley" in
  let table = Safetensors.matrix Safetensors.int_at f name in
  let unembed = bits f "unembed" in
  if plain then
    Plain { lefts = bits f "left"; rights = bits f "right"; unembeds = unembed;
            biases = Safetensors.vector Safetensors.float_bits f "bias"; table }
  else
    let zeros = List.map (fun _ -> 0) table in
    let bias = if Safetensors.has f "bias" then Safetensors.vector Safetensors.float_bits f "bias" else zeros in
    Factors { embeds_left = bits f "embed_left"; embeds_right = bits f "embed_right";
              hiddens_left = bits f "hidden_left"; hiddens_right = bits f "hidden_right";
              factored_unembeds = unembed; factored_biases = bias; factored_table = table }

(* How many places are kept: of a plain network (reads, writes); of factors (embedding, linear, dropped, writes). *)
type kept = Direct of int * int | Folded of int * int * int * int

let places_of = function
  | Plain w ->
    let s, t = share (largest w.lefts +. largest w.rights) (column_total w.unembeds) (largest [ w.biases ]) in
    Direct (s, t)
  | Factors w ->
    let embed = Float.max (row_total w.embeds_left) (row_total w.embeds_right) in
    let linear = Float.max (column_total w.hiddens_left) (column_total w.hiddens_right) in
    let e = Float.max (largest w.embeds_left) (largest w.embeds_right) in
    let width = float_of_int (List.length w.hiddens_left + List.length w.hiddens_right) in
    let product = int_of_float (Float.floor (61.5 -. log2 (Float.max 1e-30 (e *. linear)))) in
    let difference = int_of_float (Float.round (log2 (Float.max 1e-30 linear /. Float.max 1e-30 embed))) in
    let p = (product + difference) / 2 in
    let q = product - p in
    let error = (embed *. Float.ldexp 1.0 p) +. (linear *. Float.ldexp 1.0 q) +. width in
    let s = clamp (int_of_float (Float.ceil (log2 error +. 0.01))) in
    (* What the products leave of reads decides how many places writes may keep. *)
    let reads =
      let bound a b = largest a *. column_total b in
      bound w.embeds_left w.hiddens_left +. bound w.embeds_right w.hiddens_right in
    let most = (2.0 *. reads *. column_total w.factored_unembeds) +. (2.0 *. largest [ w.factored_biases ]) in
    let t = int_of_float (Float.floor (60.5 -. log2 (Float.max 1e-30 most))) - (product - s) in
    Folded (p, q, s, t)

let dropped k = big (clamp (places - k))

let run_exact = function
  | Plain w, Direct (s, t) -> exact (dropped s) (dropped t) w
  | Factors w, Folded (p, q, s, t) -> exact_factored (dropped p) (dropped q) (big s) (dropped t) w
  | _ -> assert false

let run_even generators given = function
  | Plain w, Direct (s, t) -> even (dropped s) (dropped t) generators given w
  | Factors w, Folded (p, q, s, t) -> even_factored (dropped p) (dropped q) (big s) (dropped t) generators given w
  | _ -> assert false

(* Rule lowrank: places are given up until no sum can leave 63 bits. *)
let fewer k = function
  | Direct (s, t) -> Direct (s - (k / 2), t - (k - (k / 2)))
  | Folded (p, q, s, t) -> Folded (p, q, s + (k / 2), t - (k - (k / 2)))

let run_lowrank file order width w kept =
  let given kept = rank file ~order ~width ~writes:(match kept with Direct (_, t) | Folded (_, _, _, t) -> t) in
  let size kept (given, d) = match w, kept with
    | Plain w, Direct (s, t) -> lowrank_size (dropped s) (dropped t) given d w
    | Factors w, Folded (p, q, s, t) -> lowrank_size_factored (dropped p) (dropped q) (big s) (dropped t) given d w
    | _ -> assert false in
  let rec fitting tries kept = match given kept with
    | None -> None
    | Some found ->
      let over = bits_of (size kept found) - 60 in
      if over <= 0 || tries = 0 then Some (kept, found) else fitting (tries - 1) (fewer over kept) in
  Option.map (fun (kept, (given, d)) ->
      let right = match w, kept with
        | Plain w, Direct (s, t) -> lowrank (dropped s) (dropped t) given d w
        | Factors w, Folded (p, q, s, t) -> lowrank_factored (dropped p) (dropped q) (big s) (dropped t) given d w
        | _ -> assert false in
      (right, kept, given, d)) (fitting 4 (fewer 4 kept))

(* One line of plain text, whatever the files hold. *)
let complain m =
  prerr_endline ("rhoset-verified: " ^ String.map (fun c -> if c < ' ' || c > '~' then '?' else c) m);
  exit 2

let () =
  let usage = "rhoset-verified CERT --network NET [--rule even|lowrank|exact]" in
  let network = ref "" and certificate = ref "" and rule = ref "" and out = ref "" in
  let options = [
    ("--network", Arg.Set_string network, "NET  the network file");
    ("--rule", Arg.Symbol ([ "even"; "lowrank"; "exact" ], fun r -> rule := r),
     "  only this rule (even where the certificate is one of it, lowrank where it is cheaper than exact, exact, until one settles all pairs)");
    ("--explanation", Arg.Set_string out, "FILE  with --rule lowrank: what the rule was given, for the assistant") ] in
  let anonymous a = if !certificate = "" then certificate := a else raise (Arg.Bad ("unexpected " ^ a)) in
  try
    (try Arg.parse_argv Sys.argv options anonymous usage with
     | Arg.Bad m -> prerr_string m; exit 2
     | Arg.Help m -> print_string m; exit 0);
    if !network = "" || !certificate = "" then (prerr_endline ("usage: " ^ usage); exit 2);
    let w = load !network in
    let kept = places_of w in
    let table = match w with Plain w -> w.table | Factors w -> w.factored_table in
    let width = List.length (match w with Plain w -> w.unembeds | Factors w -> w.factored_unembeds) in
    let n = List.length table in
    let file = Safetensors.read !certificate in
    let generators =
      List.map (fun g -> if g >= n then bad "a generator lies outside the group" else nat_of_int g)
        (Safetensors.vector Safetensors.int_at file "generators") in
    if not (group table generators) then begin
      print_endline "{\"valid\": false, \"reason\": \"the table is not proved to be a group's\"}";
      exit 1
    end;
    let all = big (n * n) in
    let given = lazy (evenly file) in
    let by_lowrank () =
      Option.map (fun (right, kept, given, d) ->
          if !out <> "" then begin
            let channel = open_out !out in
            print_rank channel given;
            let k name v = Printf.fprintf channel "Definition %s : Z := %s%%Z.\n" name (Big_int_Z.string_of_big_int v) in
            k "rank_times" d;
            (match kept with
             | Direct (s, t) -> k "kept_reads" (dropped s); k "kept_writes" (dropped t)
             | Folded (p, q, s, t) ->
               k "kept_embed" (dropped p); k "kept_linear" (dropped q); k "kept_dropped" (big s); k "kept_writes" (dropped t));
            close_out channel
          end;
          right) (run_lowrank file n width w kept) in
    let attempt = function
      | "even" -> Option.map (fun given -> run_even generators given (w, kept)) (Lazy.force given)
      | "lowrank" -> by_lowrank ()
      | _ -> Some (run_exact (w, kept)) in
    let rec first best = function
      | [] -> best
      | name :: rest ->
        (match attempt name with
         | Some right when Big_int_Z.ge_big_int right all -> Some (name, right)
         | Some right ->
           let better = match best with Some (_, b) -> Big_int_Z.gt_big_int right b | None -> true in
           first (if better then Some (name, right) else best) rest
         | None -> first best rest) in
    (* exact proves most; lowrank goes before it where it is the cheaper of the two *)
    let cheaper = let f = features file in f > 0 && 3 * f * (width + n) < n * width in
    let rules =
      if !rule <> "" then [ !rule ]
      else (if Lazy.force given <> None then [ "even" ] else []) @ (if cheaper then [ "lowrank" ] else []) @ [ "exact" ] in
    let used, right = match first None rules with
      | Some found -> found
      | None -> bad "the certificate has nothing that rule %s could use: --rule exact" !rule in
    Printf.printf "{\"valid\": true, \"group\": true, \"rule\": \"%s\", \"right\": %s, \"inputs\": %d}\n"
      used (Big_int_Z.string_of_big_int right) (n * n)
  with
  | Safetensors.Bad m | Sys_error m -> complain m
  | Stack_overflow | Out_of_memory -> complain "the network is too large"
