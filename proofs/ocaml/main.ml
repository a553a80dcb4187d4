(* rhoset-verified CERT --network NET: the extracted checkers on the files of the Python checker.

   Not proved: this file, the reader, and what Extract.v and uint63.ml say.  What is chosen here (places kept,
   generators) may be anything: the proved functions answer for themselves. *)

open Verified

let bad = Safetensors.bad
let log2 x = log x /. log 2.0
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
let big = Big_int_Z.big_int_of_int
let clamp k = if k < 0 then 0 else k

(* Bits after the point for reads and for writes, so that no sum leaves 63 bits. *)
let share reads writes bias =
  let most = Float.max 1e-30 ((2.0 *. reads *. writes) +. (2.0 *. bias)) in
  let total = int_of_float (Float.floor (61.0 -. log2 most -. 0.5)) in
  (total - (total / 2), total / 2)

let rec nat_of_int = function 0 -> O | k -> S (nat_of_int (k - 1))

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

let run_exact = function
  | Plain w ->
    let s, t = share (largest w.lefts +. largest w.rights) (column_total w.unembeds) (largest [ w.biases ]) in
    exact (big (clamp (places - s))) (big (clamp (places - t))) w
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
    let kept = product - s in
    let most = Float.max 1e-30 ((2.0 *. reads *. column_total w.factored_unembeds) +. (2.0 *. largest [ w.factored_biases ])) in
    let t = int_of_float (Float.floor (60.5 -. log2 most)) - kept in
    exact_factored (big (clamp (places - p))) (big (clamp (places - q))) (big s) (big (clamp (places - t))) w

let generators certificate =
  let f = Safetensors.read certificate in
  Safetensors.vector Safetensors.int_at f "generators"

let () =
  let usage = "rhoset-verified CERT --network NET" in
  let network = ref "" and certificate = ref "" in
  let options = [ ("--network", Arg.Set_string network, "NET the network file") ] in
  let anonymous a = if !certificate = "" then certificate := a else raise (Arg.Bad ("unexpected " ^ a)) in
  try
    (try Arg.parse_argv Sys.argv options anonymous usage with
     | Arg.Bad m -> prerr_string m; exit 2
     | Arg.Help m -> print_string m; exit 0);
    if !network = "" || !certificate = "" then (prerr_endline ("usage: " ^ usage); exit 2);
    let w = load !network in
    let table = match w with Plain w -> w.table | Factors w -> w.factored_table in
    let n = List.length table in
    let given = List.map (fun g -> if g > n then bad "a generator lies outside the group" else nat_of_int g) (generators !certificate) in
    if not (group table given) then begin
      print_endline "{\"valid\": false, \"reason\": \"the table is not proved to be a group's\"}";
      exit 1
    end;
    let right = run_exact w in
    Printf.printf "{\"valid\": true, \"group\": true, \"rule\": \"exact\", \"right\": %s, \"inputs\": %d}\n"
      (Big_int_Z.string_of_big_int right) (n * n)
  with
  | Safetensors.Bad m -> prerr_endline ("rhoset-verified: " ^ m); exit 2
  | Stack_overflow | Out_of_memory -> prerr_endline "rhoset-verified: the network is too large"; exit 2
