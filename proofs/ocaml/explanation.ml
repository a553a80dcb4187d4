(* What a certificate says, as the proved functions take it.  Nothing here is proved and nothing need be: they are sound
   whatever they get. *)

open Verified
module S = Safetensors

let bad = S.bad
let log2 x = log x /. log 2.0
let big = Big_int_Z.big_int_of_int
let rec nat_of_int = function 0 -> O | k -> S (nat_of_int (k - 1))
let rec int_of_nat = function O -> 0 | S k -> 1 + int_of_nat k
let power k = Big_int_Z.power_int_positive_int 2 (if k < 0 then 0 else k)

let fixed k v =
  let scaled = Float.ldexp v k in
  if Float.is_nan scaled || Float.abs scaled > 1e17 then bad "a number of the certificate is not finite or too large";
  big (int_of_float (Float.round scaled))

let size = List.fold_left (fun a v -> Float.max a (Float.abs v)) 0.0
let sizes rows = Float.max 1e-18 (size (List.map size rows))

let point limit v = if v < limit then nat_of_int v else bad "a point lies outside its block"

let images_of file name = List.map (fun row -> List.map (point (List.length row)) row) (S.matrix S.int_at file name)

(* The unit of a neuron's rest (Vectors.v) from the weights of Cauchy-Schwarz: 2^k / f, near the largest weight over its own;
   [] where all are 1. *)
let neuron_units file =
  if not (S.has file "scale") then [] else begin
    let weights = S.vector S.float_at file "scale" in
    let largest = Float.max 1e-18 (size weights) in
    List.map (fun v ->
        if not (v > 0.0) then big 0 else
          let mantissa, exponent = Float.frexp (Float.min (largest /. v) 0x1p30) in
          big ((32 * (exponent + 4)) + int_of_float (Float.floor ((16.0 /. mantissa) +. 0.5)) - 1)) weights
  end

(* Of rule even: the G-sets, the points by which neurons read y and x, set and point of types; None where it is not asked for. *)
let evenly file =
  let rec named j = let name = Printf.sprintf "gaps%d.right" j in
    if S.has file name then name :: named (j + 1) else [] in
  let vector name = if S.has file name then S.vector S.int_at file name else [] in
  if not (S.has file "gaps0.right" && S.has file "gaps.left") then None else begin
    let sets = List.map (images_of file) (named 0) in
    (* The proofs know no neurons at no point: they get a set of one. *)
    let sets = sets @ [ List.map (fun _ -> [ nat_of_int 0 ]) (List.hd sets) ] in
    let sizes = Array.of_list (List.map (function row :: _ -> List.length row | [] -> 0) sets) in
    let idle = Array.length sizes - 1 in
    let place what j c =
      if j <= idle && c < sizes.(j) then (nat_of_int j, nat_of_int c) else bad "%s leaves its block" what in
    let blocks = vector "gaps.block" in
    let points name =
      try List.map2 (place name) blocks (List.map2 (fun j c -> if j = idle then 0 else c) blocks (vector name))
      with Invalid_argument _ -> bad "gaps.block and %s differ in length" name in
    (* The bias is split where any neuron is asked to be; those at no point are not. *)
    let asked = List.map (fun v -> v <> 0) (vector "gaps.centred") in
    let split_given =
      try List.map2 (fun j v -> v && j <> idle) (if asked = [] then [] else blocks) asked @ [ List.mem true asked ]
      with Invalid_argument _ -> bad "gaps.block and gaps.centred differ in length" in
    Some { sets_given = sets; places_given = points "gaps.point"; lefts_given = List.map snd (points "gaps.left");
           type_given = (match vector "gaps.types" with
             | [] -> []
             | [ j; c ] when j < idle && c < sizes.(j) -> [ place "gaps.types" j c ]
             | _ -> bad "gaps.types is no set and point");
           split_given;
           stretch_given = [] }  (* all neurons count alike *)
  end

(* ** Rule lowrank *)

(* How many features. *)
let features file =
  if not (S.has file "lowrank.features") then 0
  else match (S.find file "lowrank.features").S.shape with [ _; k ] -> k | _ -> 0

let plan_samples file n =
  let asked = Option.value ~default:0 (Option.bind (List.assoc_opt "samples" file.S.metadata) int_of_string_opt) in
  if asked <= 0 then [] else if asked = 1 then [ 0 ]
  else List.init (min asked n) (fun i -> i * (n - 1) / (min asked n - 1))

let feature_bits = 10
let extra_bits = 4   (* outputs are multiplied by 2 to this *)

let rec columns rows = match rows with
  | [] | [] :: _ -> []
  | _ -> List.map List.hd rows :: columns (List.map List.tl rows)

(* What a certificate gives the rule, for writes of [t] places, and D; None without features.  The largest
   entry of every feature has [feature_bits]; what is lost is in what is not written. *)
let rank file ~order:n ~width:m ~writes:t =
  if features file = 0 then None
  else begin
    let given = columns (S.matrix S.float_at file "lowrank.features") in
    let written = columns (S.matrix S.float_at file "lowrank.writing") in
    if List.length given <> List.length written || List.exists (fun f -> List.length f <> n) given
       || List.exists (fun w -> List.length w <> m + 1) written then bad "lowrank: features and writing do not fit";
    let places = List.map (fun f -> feature_bits - int_of_float (Float.ceil (log2 (sizes [ f ])))) given in
    let writing cv w = List.map (fixed (t + extra_bits - cv)) (List.filteri (fun i _ -> i < m) w) in
    let units = match neuron_units file with [] -> List.init m (fun _ -> big 0) | units -> units in
    Some ({ features_given = columns (List.map2 (fun cv f -> List.map (fixed cv) f) places given);
            writing_given = List.map2 writing places written;
            samples_given = List.map nat_of_int (plan_samples file n); rank_units_given = units }, power extra_bits)
  end

(* The same for the assistant: definitions of [rank_given]. *)
let print_rank channel (given : given_rank) =
  let list show l = "[" ^ String.concat "; " (List.map show l) ^ "]" in
  let z = Big_int_Z.string_of_big_int in
  let define name kind text = Printf.fprintf channel "Definition %s : %s := %s.\n" name kind text in
  let rows name l =
    List.iteri (fun i row -> define (Printf.sprintf "%s_%d" name i) "list Z" (list z row ^ "%Z")) l;
    define name "list (list Z)" (list Fun.id (List.mapi (fun i _ -> Printf.sprintf "%s_%d" name i) l)) in
  rows "rank_features" given.features_given;
  rows "rank_writing" given.writing_given;
  define "rank_given" "given_rank"
    (Printf.sprintf "GivenRank rank_features rank_writing %s%%nat %s%%Z"
       (list (fun i -> string_of_int (int_of_nat i)) given.samples_given) (list z given.rank_units_given))
