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

(* The names of the blocks of a certificate that hold a tensor. *)
let blocks_with file tensor =
  let rec names j =
    let name = Printf.sprintf "block%d." j in
    if S.has file (name ^ "neurons") then name :: names (j + 1) else [] in
  List.filter (fun name -> S.has file (name ^ tensor)) (names 0)

(* The G-sets of a certificate, with potentials of [k] places, and where its neurons stand in them; without rule gaps the
   right sets of its slot blocks, each once, and no places. *)
let gsets file k =
  let potential v = Big_int_Z.mult_big_int (fixed (min k 30) v) (power (k - 30)) in
  (* FORMAT.md: rows of points without neurons are not read *)
  let potentials j pairs =
    let name = Printf.sprintf "gaps%d.potential" j in
    let row c values = if List.mem (j, c) pairs then List.map potential values else [] in
    if S.has file name then List.mapi row (S.matrix S.float_at file name) else [] in
  let rec named j = let name = Printf.sprintf "gaps%d.right" j in
    if S.has file name then name :: named (j + 1) else [] in
  match named 0 with
  | [] ->
    let found = List.map (fun name -> images_of file (name ^ "right")) (blocks_with file "right") in
    (List.map (fun images -> (images, [])) (List.sort_uniq compare found), [])
  | names ->
    let pairs = try List.combine (S.vector S.int_at file "gaps.block") (S.vector S.int_at file "gaps.point")
      with Invalid_argument _ -> bad "gaps.block and gaps.point differ in length" in
    let sets = List.mapi (fun j name -> (images_of file name, potentials j pairs)) names in
    (* The proofs know no neurons at no point: they get a set of one. *)
    let idle = List.exists (fun (j, _) -> j = List.length sets) pairs in
    let one_point = List.map (fun _ -> [ nat_of_int 0 ]) (fst (List.hd sets)) in
    let sets = if idle then sets @ [ (one_point, []) ] else sets in
    let sizes = Array.of_list (List.map (function row :: _, _ -> List.length row | [], _ -> 0) sets) in
    let place (j, c) =
      if j < Array.length sizes && c < sizes.(j) then (nat_of_int j, nat_of_int c) else bad "gaps.point leaves its block" in
    (sets, List.map place pairs)

(* A slot block; [places i] are those of the weight of neuron [i], None leaves it out. *)
let slot_block file name cv places =
  let left_images = images_of file (name ^ "left") and right_images = images_of file (name ^ "right") in
  let columns = function [] -> bad "a block without generators" | row :: _ -> List.length row in
  let p = columns left_images and q = columns right_images in
  let vector get tensor = S.vector get file (name ^ tensor) in
  try
    let slots = List.combine (vector S.int_at "rows") (vector S.int_at "columns") in
    let entries =
      List.combine (vector S.int_at "neurons") (List.combine slots (vector S.float_at "weights")) in
    let entries = List.filter_map (fun (i, ((b, c), v)) ->
        Option.map (fun k -> (nat_of_int i, (point p b, (point q c, fixed k v)))) (places i)) entries in
    let coupling_given = List.map (List.map (fixed cv)) (S.matrix S.float_at file (name ^ "coupling")) in
    { left_images; right_images; coupling_given; entries }
  with Invalid_argument _ -> bad "the certificate's blocks have the wrong shapes"

(* For rule uniform: slot blocks, and D for weights of [t] places; None without any. *)
let blocks file width =
  match blocks_with file "coupling" with
  | [] -> None
  | names ->
    let top f = size (List.map f names) in
    let places_for most = 30 - int_of_float (Float.ceil (log2 (Float.max 1e-18 most))) in
    let cv = places_for (top (fun name -> sizes (S.matrix S.float_at file (name ^ "coupling")))) in
    let cw = places_for (top (fun name -> size (S.vector S.float_at file (name ^ "weights")))) in
    let cw = max cw (60 - cv) in
    let places i = if i < width then Some cw else None in
    Some (List.map (fun name -> slot_block file name cv places) names, fun t -> power (cv + cw - t))

(* ** Rule pairs *)

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

(* For rule even: the same sets without potentials, the set and point of types, and which neurons have means. *)
let evenly file (sets, places) =
  let vector name = if S.has file name then S.vector S.int_at file name else [] in
  let type_given = match vector "gaps.types" with
    | [] -> []
    | [ j; c ] when j < List.length sets && c < (match fst (List.nth sets j) with row :: _ -> List.length row | [] -> 0) ->
      [ (nat_of_int j, nat_of_int c) ]
    | _ -> bad "gaps.types is no set and point" in
  { sets_given = List.map (fun (images, _) -> (images, [])) sets; places_given = places; even_units_given = neuron_units file;
    type_given; centred_given = List.map (fun v -> v <> 0) (vector "gaps.centred") }

(* How many numbers the rule forms for each pair of inputs. *)
let features file =
  let count tensor of_shape =
    List.fold_left (fun a name -> a + of_shape (S.find file (name ^ tensor)).S.shape) 0 (blocks_with file tensor) in
  count "coupling" (function [ p; q ] -> p * q | _ -> 0) + count "matrices" (function [ _; d; _ ] -> d * d | _ -> 0)

let coupling_bits = 10
let extra_bits = 4   (* outputs are multiplied by 2 to this *)

(* The images of all elements under a representation, as products along shortest words. *)
let representation table e generators images =
  let d = match images with (m : float list list) :: _ -> List.length m | [] -> 0 in
  let product a b = List.map (fun row ->
      List.init d (fun j -> List.fold_left ( +. ) 0.0 (List.map2 (fun v r -> v *. List.nth r j) row b))) a in
  let n = Array.length table in
  let found = Array.make n None in
  found.(e) <- Some (List.init d (fun i -> List.init d (fun j -> if i = j then 1.0 else 0.0)));
  let queue = Queue.create () in
  Queue.add e queue;
  while not (Queue.is_empty queue) do
    let x = Queue.pop queue in
    let at_x = Option.get found.(x) in
    List.iter2 (fun g image ->
        let y = table.(g).(x) in
        if found.(y) = None then (found.(y) <- Some (product image at_x); Queue.add y queue)) generators images
  done;
  Array.to_list (Array.map (function Some m -> List.concat m | None -> []) found)

let cube file name =
  let t = S.find file name in
  match t.S.shape with
  | [ a; b; c ] -> List.init a (fun i -> List.init b (fun j -> List.init c (fun k -> S.float_at file t ((((i * b) + j) * c) + k))))
  | _ -> bad "%s does not have three dimensions" name

let in_plan file key =
  match List.assoc_opt "plan" file.S.metadata with
  | Some text -> (match S.parse_json text with S.Object f -> List.assoc_opt key f | _ -> None)
  | None -> None

let plan_samples file n =
  let asked = match in_plan file "samples" with Some v -> S.integer v | None -> 0 in
  if asked <= 0 then [] else if asked = 1 then [ 0 ]
  else List.init (min asked n) (fun i -> i * (n - 1) / (min asked n - 1))

(* What a certificate gives rule pairs, for reads of [s] and writes of [t] places; None without blocks. *)
let sums file ~table ~generators ~width:m ~reads:s ~writes:t =
  let slots = blocks_with file "coupling" and matrices = blocks_with file "matrices" in
  if slots = [] && matrices = [] then None
  else begin
    let n = Array.length table in
    let places_for top = coupling_bits - int_of_float (Float.ceil (log2 top)) in
    let weight_places cv i = t + extra_bits - cv + (if i = m then s else 0) in
    let slot name =
      let cv = places_for (sizes (S.matrix S.float_at file (name ^ "coupling"))) in
      (slot_block file name cv (fun i -> if i <= m then Some (weight_places cv i) else None), t + extra_bits - cv) in
    let given = List.map slot slots in
    let identity =
      let rec at e = if e >= n then 0 else if table.(e) = Array.init n Fun.id then e else at (e + 1) in at 0 in
    let free name =
      let features = representation table identity generators (cube file (name ^ "matrices")) in
      let cv = places_for (sizes features) in
      let neurons = S.vector S.int_at file (name ^ "neurons") in
      let rows = List.combine neurons (S.matrix S.float_at file (name ^ "coefficients")) in
      let d2 = match features with row :: _ -> List.length row | [] -> 0 in
      let writing = List.init d2 (fun f ->
          let row = Array.make (m + 1) (big 0) in
          List.iter (fun (i, values) -> if i <= m then row.(i) <- fixed (weight_places cv i) (List.nth values f)) rows;
          Array.to_list row) in
      (List.map (List.map (fixed cv)) features, writing) in
    let frees = try List.map free matrices with Invalid_argument _ -> bad "the certificate's blocks have the wrong shapes" in
    let free_given = List.init n (fun z -> List.concat_map (fun (features, _) -> List.nth features z) frees) in
    let with_references = S.has file "references" && frees = [] in
    let unit_places = List.concat_map (fun (block, k) ->
        let count l = match l with row :: _ -> List.length row | [] -> 0 in
        List.init (count block.left_images * count block.right_images) (fun _ -> k + s)) given in
    let reference row =
      try List.map2 fixed unit_places row with Invalid_argument _ -> bad "references have the wrong shape" in
    let references = if with_references then List.map reference (S.matrix S.float_at file "references") else [] in
    let labels =
      if not with_references then []
      else if S.has file "labels" then List.map (List.map nat_of_int) (S.matrix S.int_at file "labels")
      else List.init n (fun _ -> List.init n (fun _ -> O)) in
    Some ({ slots_given = List.map fst given; free_given; free_writing_given = List.concat_map snd frees;
            samples_given = List.map nat_of_int (plan_samples file n); 
            units_given = (match neuron_units file with [] -> List.init (m + 1) (fun _ -> big 0) | places -> places);
            references_given = references; labels_given = labels }, power extra_bits)
  end

(* The same for the assistant: definitions of [sums_given]. *)
let print_sums channel (given : given_sums) =
  let list show l = "[" ^ String.concat "; " (List.map show l) ^ "]" in
  let z v = Big_int_Z.string_of_big_int v and nat v = string_of_int (int_of_nat v) in
  let define name kind text = Printf.fprintf channel "Definition %s : %s := %s.\n" name kind text in
  let rows name scope kind show l =
    List.iteri (fun i row -> define (Printf.sprintf "%s_%d" name i) (Printf.sprintf "list %s" kind) (list show row ^ scope)) l;
    define name (Printf.sprintf "list (list %s)" kind) (list Fun.id (List.mapi (fun i _ -> Printf.sprintf "%s_%d" name i) l)) in
  List.iteri (fun j (g : given) ->
      let name part = Printf.sprintf "slots_%d_%s" j part in
      rows (name "left") "%nat" "nat" nat g.left_images;
      rows (name "right") "%nat" "nat" nat g.right_images;
      rows (name "coupling") "%Z" "Z" z g.coupling_given;
      define (name "entries") "list (nat * (nat * (nat * Z)))"
        (list (fun (i, (b, (c, v))) -> Printf.sprintf "(%s%%nat, (%s%%nat, (%s%%nat, %s%%Z)))" (nat i) (nat b) (nat c) (z v)) g.entries);
      define (Printf.sprintf "slots_%d" j) "given"
        (Printf.sprintf "Given %s %s %s %s" (name "left") (name "right") (name "coupling") (name "entries"))) given.slots_given;
  rows "free_features" "%Z" "Z" z given.free_given;
  rows "free_writing" "%Z" "Z" z given.free_writing_given;
  rows "reference" "%Z" "Z" z given.references_given;
  rows "label" "%nat" "nat" nat given.labels_given;
  define "sums_given" "given_sums"
    (Printf.sprintf "GivenSums %s free_features free_writing %s%%nat %s%%Z reference label"
       (list Fun.id (List.mapi (fun j _ -> Printf.sprintf "slots_%d" j) given.slots_given))
       (list nat given.samples_given) (list z given.units_given))
