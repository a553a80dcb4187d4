(** Part (b) of Lemma 1, and Lemma 2, over a model of floating point: an operation returns its exact result but for u times its size and η.  Sums
    are of any order, products fused or not.  No overflow: the checker makes an error infinite where there may be one. *)
From Coq Require Import Reals Lra Lia Arith.
From Rhoset Require Import RealSums.
Open Scope R_scope.

Section Floats.
  Variables (u eta : R).
  Hypothesis unit_range : 0 < u <= / 1000.
  Hypothesis eta_nonneg : 0 <= eta.

  (** r stands for the exact result x. *)
  Definition rounds_to (x r : R) : Prop := Rabs (r - x) <= u * Rabs x + eta.

  (** Sums of k terms in any order: the exact sum, the sum of sizes, and what comes out. *)
  Inductive sums : nat -> R -> R -> R -> Prop :=
    | one_product p v : rounds_to p v -> sums 1 p (Rabs p) v                   (* a number itself is one *)
    | fused k x A s p v : sums k x A s -> rounds_to (s + p) v -> sums (S k) (x + p) (A + Rabs p) v
    | added k l x y A B s t v : sums k x A s -> sums l y B t -> rounds_to (s + t) v -> sums (k + l) (x + y) (A + B) v.

  Definition gamma (k : nat) : R := INR k * u / (1 - INR k * u).

  Lemma power_pos k : 1 <= (1 + u) ^ k.
  Proof. apply pow_R1_Rle. lra. Qed.

  Lemma power_gamma k : INR k * u < 1 -> (1 + u) ^ k <= 1 + gamma k.
  Proof.
    intros H. assert (E : 1 + gamma k = / (1 - INR k * u)) by (unfold gamma; field; lra). rewrite E.
    apply (Rmult_le_reg_r (1 - INR k * u)); [lra|]. rewrite Rinv_l by lra. clear E.
    induction k as [|k IH]; [simpl; lra|]. rewrite S_INR in *. simpl pow. pose proof (power_pos k) as Q.
    assert (0 <= INR k) by apply pos_INR. specialize (IH ltac:(nra)).
    assert ((1 + u) * (1 - (INR k + 1) * u) <= 1 - INR k * u) by nra.
    apply Rle_trans with ((1 + u) ^ k * (1 - INR k * u)); [|exact IH].
    replace ((1 + u) * (1 + u) ^ k * (1 - (INR k + 1) * u)) with ((1 + u) ^ k * ((1 + u) * (1 - (INR k + 1) * u))) by ring.
    apply Rmult_le_compat_l; lra.
  Qed.

  Lemma sums_size k x A s : sums k x A s -> (1 <= k)%nat /\ 0 <= A /\ Rabs x <= A.
  Proof.
    induction 1 as [p v _|k x A s p v _ [K [A0 X]] _|k l x y A B s t v _ [K [A0 X]] _ [L [B0 Y]] _].
    - split; [lia|]. split; [apply Rabs_pos|lra].
    - split; [lia|]. pose proof (Rabs_pos p). split; [lra|]. pose proof (Rabs_triang x p). lra.
    - split; [lia|]. split; [lra|]. pose proof (Rabs_triang x y). lra.
  Qed.

  (** One more operation on what errs already. *)
  Lemma one_more (k : nat) x A e s v (c d : R) : rounds_to s v -> Rabs (s - x) <= (c - 1) * A + d * (eta * c) -> Rabs x <= A ->
    1 <= c -> 0 <= d -> c * (1 + u) <= (1 + u) ^ k -> d + 1 <= e -> Rabs (v - x) <= ((1 + u) ^ k - 1) * A + e * (eta * (1 + u) ^ k).
  Proof.
    intros R E HX C D K De. set (g := (1 + u) ^ k) in *. assert (A0 : 0 <= A) by (pose proof (Rabs_pos x); lra).
    replace (v - x) with ((v - s) + (s - x)) by ring. eapply Rle_trans; [apply Rabs_triang|]. unfold rounds_to in R.
    assert (Hs : Rabs s <= c * A + d * (eta * c)).
    { replace s with ((s - x) + x) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
    assert (T1 : u * Rabs s <= u * (c * A + d * (eta * c))) by (apply Rmult_le_compat_l; lra).
    assert (T2 : c * (1 + u) * A <= g * A) by (apply Rmult_le_compat_r; assumption).
    assert (T3 : d * (eta * (c * (1 + u))) <= d * (eta * g)) by (apply Rmult_le_compat_l; [lra|apply Rmult_le_compat_l; lra]).
    assert (g1 : 1 <= g) by apply power_pos. assert (eg : eta <= eta * g) by (rewrite <- (Rmult_1_r eta) at 1; apply Rmult_le_compat_l; lra).
    assert (T4 : (d + 1) * (eta * g) <= e * (eta * g)) by (apply Rmult_le_compat_r; lra). lra.
  Qed.

  Lemma sums_error k x A s : sums k x A s -> Rabs (s - x) <= ((1 + u) ^ k - 1) * A + (2 * INR k - 1) * (eta * (1 + u) ^ k).
  Proof.
    assert (Pow : forall a b, (a <= b)%nat -> (1 + u) ^ a <= (1 + u) ^ b) by (intros; apply Rle_pow; [lra|assumption]).
    induction 1 as [p v R|k x A s p v H IH R|k l x y A B s t v H IH H' IH' R].
    - apply (one_more 1 p (Rabs p) _ p v 1 0 R); simpl; try lra. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
    - destruct (sums_size _ _ _ _ H) as [K [A0 X]]. rewrite S_INR. pose proof (Rabs_pos p) as P0. pose proof (power_pos k) as G.
      assert (1 <= INR k) by (apply (le_INR 1), K).
      apply (one_more (S k) (x + p) (A + Rabs p) _ (s + p) v ((1 + u) ^ k) (2 * INR k - 1) R); try lra.
      + replace (s + p - (x + p)) with (s - x) by ring. eapply Rle_trans; [exact IH|]. apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
      + pose proof (Rabs_triang x p). lra.
      + simpl. lra.
    - destruct (sums_size _ _ _ _ H) as [K [A0 X]]. destruct (sums_size _ _ _ _ H') as [L [B0 Y]]. rewrite plus_INR.
      assert (1 <= INR k) by (apply (le_INR 1), K). assert (1 <= INR l) by (apply (le_INR 1), L).
      set (j := (k + l - 1)%nat). assert (Gk : (1 + u) ^ k <= (1 + u) ^ j) by (apply Pow; lia).
      assert (Gl : (1 + u) ^ l <= (1 + u) ^ j) by (apply Pow; lia). pose proof (power_pos j) as G.
      apply (one_more (k + l) (x + y) (A + B) _ (s + t) v ((1 + u) ^ j) (2 * INR k - 1 + (2 * INR l - 1)) R); try lra.
      + replace (s + t - (x + y)) with ((s - x) + (t - y)) by ring. eapply Rle_trans; [apply Rabs_triang|].
        assert (((1 + u) ^ k - 1) * A <= ((1 + u) ^ j - 1) * A) by (apply Rmult_le_compat_r; lra).
        assert (((1 + u) ^ l - 1) * B <= ((1 + u) ^ j - 1) * B) by (apply Rmult_le_compat_r; lra).
        assert ((2 * INR k - 1) * (eta * (1 + u) ^ k) <= (2 * INR k - 1) * (eta * (1 + u) ^ j))
          by (apply Rmult_le_compat_l; [lra|apply Rmult_le_compat_l; lra]).
        assert ((2 * INR l - 1) * (eta * (1 + u) ^ l) <= (2 * INR l - 1) * (eta * (1 + u) ^ j))
          by (apply Rmult_le_compat_l; [lra|apply Rmult_le_compat_l; lra]). lra.
      + pose proof (Rabs_triang x y). lra.
      + replace (k + l)%nat with (S j) by lia. simpl. lra.
  Qed.

  (** As §1 says it; γ is taken where k u is at most 1/100. *)
  Lemma gamma_nonneg k : INR k * u <= / 100 -> 0 <= gamma k <= / 50.
  Proof.
    intros H. assert (0 <= INR k * u) by (apply Rmult_le_pos; [apply pos_INR|lra]). unfold gamma. split.
    - apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat. lra.
    - apply (Rmult_le_reg_r (1 - INR k * u)); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  Qed.

  Lemma sum_of_products k x A s : INR k * u <= / 100 -> sums k x A s -> Rabs (s - x) <= gamma k * A + 3 * INR k * eta.
  Proof.
    intros Hk H. destruct (sums_size _ _ _ _ H) as [K [A0 _]]. eapply Rle_trans; [apply sums_error, H|].
    assert (1 <= INR k) by (apply (le_INR 1), K). pose proof (power_gamma k ltac:(lra)) as P. pose proof (gamma_nonneg k Hk) as G.
    assert (((1 + u) ^ k - 1) * A <= gamma k * A) by (apply Rmult_le_compat_r; lra).
    assert (eta * (1 + u) ^ k <= eta * (1 + / 50)) by (apply Rmult_le_compat_l; lra).
    assert ((2 * INR k - 1) * (eta * (1 + u) ^ k) <= (2 * INR k - 1) * (eta * (1 + / 50))) by (apply Rmult_le_compat_l; lra).
    assert (0 <= INR k * eta) by (apply Rmult_le_pos; lra). lra.
  Qed.

  (** A sum may have no terms: products with 0 are added without rounding. *)
  Definition any_sum (k : nat) (x A s : R) : Prop := sums k x A s \/ k = O /\ x = 0 /\ A = 0 /\ s = 0.

  Lemma any_sum_error k x A s : INR k * u <= / 100 -> any_sum k x A s -> 0 <= A /\ Rabs (s - x) <= gamma k * A + 3 * INR k * eta.
  Proof.
    intros Hk [H|[-> [-> [-> ->]]]].
    - split; [apply (sums_size _ _ _ _ H)|apply sum_of_products; assumption].
    - split; [lra|]. rewrite Rminus_0_r, Rabs_R0. simpl. lra.
  Qed.

  Lemma gamma_step k : INR (S k) * u <= / 100 -> gamma k + u * (1 + gamma k) <= gamma (S k) * (1 - u) /\ gamma (S k) * (1 - u) <= gamma (S k).
  Proof.
    intros H. pose proof (gamma_nonneg (S k) H) as G. split; [|nra]. rewrite S_INR in H. pose proof (pos_INR k) as K.
    unfold gamma. rewrite S_INR. set (a := INR k * u). assert (a0 : 0 <= a) by (apply Rmult_le_pos; lra).
    assert (Ha : (INR k + 1) * u = a + u) by (unfold a; ring). rewrite Ha in *.
    replace (a / (1 - a) + u * (1 + a / (1 - a))) with ((a + u) * / (1 - a)) by (field; lra).
    replace ((a + u) / (1 - (a + u)) * (1 - u)) with ((a + u) * ((1 - u) / (1 - (a + u)))) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply (Rmult_le_reg_r ((1 - a) * (1 - (a + u)))); [apply Rmult_lt_0_compat; lra|].
    replace (/ (1 - a) * ((1 - a) * (1 - (a + u)))) with (1 - (a + u)) by (field; lra).
    replace ((1 - u) / (1 - (a + u)) * ((1 - a) * (1 - (a + u)))) with ((1 - u) * (1 - a)) by (field; lra).
    assert (0 <= u * a) by (apply Rmult_le_pos; lra). lra.
  Qed.

  (** Lemma 1, part (b): what [lower_sum] returns, v, with A at least the size of the terms and w what is taken off. *)
  Lemma lower_sum k x A B s w v : INR (S k) * u <= / 100 -> any_sum k x A s -> A <= B -> gamma (S k) * B + 6 * INR (S k) * eta <= w ->
    rounds_to (s - w) v -> v <= x.
  Proof.
    intros Hk H HB Hw R. assert (Hk' : INR k * u <= / 100) by (rewrite S_INR in Hk; pose proof (pos_INR k); nra).
    destruct (any_sum_error k x A s Hk' H) as [A0 E]. apply below_abs in E. destruct (gamma_step k Hk) as [G _].
    pose proof (gamma_nonneg k Hk') as Gk. pose proof (gamma_nonneg (S k) Hk) as GS. pose proof (pos_INR k) as K. rewrite S_INR in Hw.
    assert (AB : Rabs x <= B).
    { destruct H as [H|[_ [-> _]]]; [destruct (sums_size _ _ _ _ H) as [_ [_ X]]; lra|rewrite Rabs_R0; lra]. }
    assert (0 <= INR k * eta) by (apply Rmult_le_pos; lra).
    assert (T1 : gamma k * A <= gamma k * B) by (apply Rmult_le_compat_l; lra).
    assert (T2 : (gamma k + u * (1 + gamma k)) * B <= gamma (S k) * (1 - u) * B) by (apply Rmult_le_compat_r; lra).
    assert (W : (gamma (S k) * B + 6 * (INR k + 1) * eta) * (1 - u) <= w * (1 - u)) by (apply Rmult_le_compat_r; lra).
    unfold rounds_to in R. apply below_abs in R. apply below_abs in AB.
    assert (S1 : Rabs (s - w) <= B + gamma k * B + 3 * INR k * eta + w) by (apply Rabs_le; nra).
    assert (U : u * Rabs (s - w) <= u * (B + gamma k * B + 3 * INR k * eta + w)) by (apply Rmult_le_compat_l; lra).
    assert (u * (INR k * eta) <= / 1000 * (INR k * eta)) by (apply Rmult_le_compat_r; lra).
    assert (u * eta <= / 1000 * eta) by (apply Rmult_le_compat_r; lra). lra.
  Qed.

  (** Lemma 2: real numbers t are within E of the floats v, and at most S in size. *)
  Definition near (t v E S : R) : Prop := Rabs (t - v) <= E /\ Rabs t <= S.

  Lemma near_value t v E S : near t v E S -> Rabs v <= S + E /\ 0 <= E /\ 0 <= S.
  Proof.
    intros [H1 H2]. pose proof (Rabs_pos (t - v)). pose proof (Rabs_pos t). split; [|lra].
    replace v with (t + - (t - v)) by ring. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra.
  Qed.

  (** Lemma 2.1: one rounded operation, x being its exact result on the floats. *)
  Lemma one_rounded t x E S v : near t x E S -> rounds_to x v -> near t v (E + u * (S + E) + eta) S.
  Proof.
    intros N R. destruct (near_value _ _ _ _ N) as [X _]. destruct N as [N1 N2]. split; [|exact N2].
    replace (t - v) with ((t - x) + - (v - x)) by ring. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. unfold rounds_to in R.
    assert (u * Rabs x <= u * (S + E)) by (apply Rmult_le_compat_l; lra). lra.
  Qed.

  Lemma near_plus t v E S t' v' E' S' : near t v E S -> near t' v' E' S' -> near (t + t') (v + v') (E + E') (S + S').
  Proof.
    intros [H1 H2] [H3 H4]. split; [|pose proof (Rabs_triang t t'); lra].
    replace (t + t' - (v + v')) with ((t - v) + (t' - v')) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra.
  Qed.

  Lemma near_minus t v E S t' v' E' S' : near t v E S -> near t' v' E' S' -> near (t - t') (v - v') (E + E') (S + S').
  Proof.
    intros H [H3 H4]. apply (near_plus t v E S (- t') (- v') E' S' H). split; [|rewrite Rabs_Ropp; exact H4].
    replace (- t' - - v') with (- (t' - v')) by ring. rewrite Rabs_Ropp. exact H3.
  Qed.

  (** Lemma 2.2: activations; relu, |t| and t are exact on floats. *)
  Lemma near_activation phi t v E S : phi = relu \/ phi = Rabs \/ phi = (fun a => a) -> near t v E S -> near (phi t) (phi v) E S.
  Proof.
    intros A [H1 H2]. destruct A as [->|[->| ->]]; [| |split; assumption].
    - split; [eapply Rle_trans; [apply relu_near|exact H1]|]. eapply Rle_trans; [|exact H2].
      unfold relu, Rmax, Rabs. destruct (Rle_dec 0 t); repeat destruct Rcase_abs; lra.
    - split; [|rewrite Rabs_Rabsolu; exact H2]. eapply Rle_trans; [|exact H1]. unfold Rabs. repeat destruct Rcase_abs; lra.
  Qed.

  Lemma near_times t v E S t' v' E' S' : near t v E S -> near t' v' E' S' -> near (t * t') (v * v') (E * (S' + E') + S * E') (S * S').
  Proof.
    intros H H'. destruct (near_value _ _ _ _ H') as [V' [E'0 S'0]]. destruct (near_value _ _ _ _ H) as [_ [E0 S0]].
    destruct H as [H1 H2]. destruct H' as [H3 H4]. split; [|rewrite Rabs_mult; apply Rmult_le_compat; try apply Rabs_pos; assumption].
    replace (t * t' - v * v') with ((t - v) * v' + t * (t' - v')) by ring. eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
    apply Rplus_le_compat; apply Rmult_le_compat; try apply Rabs_pos; assumption.
  Qed.

  Lemma near_square t v E S : near t v E S -> near (t * t) (v * v) (E * (2 * S + E)) (S * S).
  Proof. intros H. pose proof (near_times _ _ _ _ _ _ _ _ H H) as [H1 H2]. split; [eapply Rle_trans; [exact H1|right; ring]|exact H2]. Qed.

  (** Sums of products, from bounds of every product. *)
  Lemma near_sum n t v E S : (forall i, (i < n)%nat -> near (t i) (v i) (E i) (S i)) -> near (sum n t) (sum n v) (sum n E) (sum n S).
  Proof.
    intros H. split; [rewrite <- sum_minus|]; (eapply Rle_trans; [apply sum_abs|]); apply sum_le; intros i Hi; apply (H i Hi).
  Qed.

  (** Lemma 2.4: the inner product of rows. *)
  Lemma inner_product n t v E S t' v' E' S' s : INR n * u <= / 100 ->
    (forall i, (i < n)%nat -> near (t i) (v i) (E i) (S i)) -> (forall i, (i < n)%nat -> near (t' i) (v' i) (E' i) (S' i)) ->
    any_sum n (sum n (fun i => v i * v' i)) (sum n (fun i => Rabs (v i * v' i))) s ->
    near (sum n (fun i => t i * t' i)) s
      (sum n (fun i => E i * (S' i + E' i)) + sum n (fun i => (S i + E i) * E' i) +
       gamma n * sum n (fun i => (S i + E i) * (S' i + E' i)) + 3 * INR n * eta)
      (sum n (fun i => S i * S' i)).
  Proof.
    intros Hn H H' Hs. destruct (any_sum_error _ _ _ _ Hn Hs) as [_ R]. pose proof (gamma_nonneg n Hn) as G.
    destruct (near_sum n _ _ _ _ (fun i Hi => near_times _ _ _ _ _ _ _ _ (H i Hi) (H' i Hi))) as [T1 T2]. split; [|exact T2].
    assert (A : sum n (fun i => Rabs (v i * v' i)) <= sum n (fun i => (S i + E i) * (S' i + E' i))).
    { apply sum_le. intros i Hi. rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos;
        [apply (near_value _ _ _ _ (H i Hi))|apply (near_value _ _ _ _ (H' i Hi))]. }
    assert (B : sum n (fun i => E i * (S' i + E' i) + S i * E' i) <= sum n (fun i => E i * (S' i + E' i)) + sum n (fun i => (S i + E i) * E' i)).
    { rewrite <- sum_plus. apply sum_le. intros i Hi. destruct (near_value _ _ _ _ (H i Hi)) as [_ [E0 _]].
      destruct (near_value _ _ _ _ (H' i Hi)) as [_ [E'0 _]]. assert (0 <= E i * E' i) by (apply Rmult_le_pos; assumption). lra. }
    assert (gamma n * sum n (fun i => Rabs (v i * v' i)) <= gamma n * sum n (fun i => (S i + E i) * (S' i + E' i)))
      by (apply Rmult_le_compat_l; lra).
    replace (sum n (fun i => t i * t' i) - s) with ((sum n (fun i => t i * t' i) - sum n (fun i => v i * v' i)) + - (s - sum n (fun i => v i * v' i))) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra.
  Qed.

  Lemma gamma_more k l : (k <= l)%nat -> INR l * u <= / 100 -> gamma k <= gamma l.
  Proof.
    induction 1 as [|l H IH]; intros Hl; [lra|]. pose proof (gamma_step l Hl) as [G1 G2]. rewrite S_INR in Hl.
    specialize (IH ltac:(nra)). pose proof (gamma_nonneg l ltac:(nra)) as [G _]. assert (0 <= u * (1 + gamma l)) by (apply Rmult_le_pos; lra). lra.
  Qed.

  (** Lemma 2.3: the product with a column of a matrix, A as stored and A' as rounded for it, k entries being other than 0. *)
  Lemma matrix_product n t v E S a A A' sigma k s : INR (k + 3) * u <= / 100 -> 0 <= sigma ->
    (forall i, (i < n)%nat -> near (t i) (v i) (E i) (S i)) -> (forall i, (i < n)%nat -> Rabs (a i - A i) <= sigma) ->
    (forall i, (i < n)%nat -> rounds_to (A i) (A' i)) ->
    any_sum k (sum n (fun i => v i * A' i)) (sum n (fun i => Rabs (v i * A' i))) s ->
    let g := gamma (k + 3) in let most := sum n (fun i => S i + E i) in
    near (sum n (fun i => t i * a i)) s
      (sum n (fun i => (E i + g * (S i + E i)) * Rabs (A i)) * (1 + g) + sigma * most + eta * (3 * INR k + 2 * most))
      (sum n (fun i => S i * Rabs (A i)) * (1 + g) + sigma * most).
  Proof.
    intros Hk Hsig H Ha HA Hs g most. assert (Hk' : INR k * u <= / 100) by (rewrite plus_INR in Hk; simpl in Hk; nra).
    assert (Hk1 : INR (Datatypes.S k) * u <= / 100) by (rewrite plus_INR in Hk; rewrite S_INR; simpl in Hk; nra).
    destruct (any_sum_error _ _ _ _ Hk' Hs) as [_ R]. pose proof (gamma_nonneg k Hk') as Gk. pose proof (gamma_nonneg _ Hk) as G. fold g in G.
    destruct (gamma_step k Hk1) as [G1 G2]. pose proof (gamma_more (Datatypes.S k) (k + 3) ltac:(lia) Hk) as G3. fold g in G3.
    assert (V : forall i, (i < n)%nat -> Rabs (v i) <= S i + E i /\ 0 <= E i /\ 0 <= S i) by (intros i Hi; apply (near_value _ _ _ _ (H i Hi))).
    set (EA := sum n (fun i => E i * Rabs (A i))). set (MA := sum n (fun i => (S i + E i) * Rabs (A i))).
    assert (EA0 : 0 <= EA) by (apply sum_nonneg; intros i Hi; apply Rmult_le_pos; [apply V, Hi|apply Rabs_pos]).
    assert (MA0 : 0 <= MA) by (apply sum_nonneg; intros i Hi; apply Rmult_le_pos; [destruct (V i Hi); lra|apply Rabs_pos]).
    assert (M0 : 0 <= most) by (apply sum_nonneg; intros i Hi; destruct (V i Hi); lra).
    assert (Split : sum n (fun i => (E i + g * (S i + E i)) * Rabs (A i)) = EA + g * MA)
      by (unfold EA, MA; rewrite <- sum_scale, <- sum_plus; apply sum_ext; intros; ring).
    assert (Rounded : forall i, (i < n)%nat -> Rabs (A' i) <= (1 + u) * Rabs (A i) + eta).
    { intros i Hi. replace (A' i) with (A i + (A' i - A i)) by ring. eapply Rle_trans; [apply Rabs_triang|].
      specialize (HA i Hi). unfold rounds_to in HA. lra. }
    assert (Sizes : sum n (fun i => Rabs (v i * A' i)) <= (1 + u) * MA + eta * most).
    { unfold MA, most. rewrite <- !sum_scale, <- sum_plus. apply sum_le. intros i Hi. rewrite Rabs_mult. destruct (V i Hi) as [V1 _].
      apply Rle_trans with ((S i + E i) * ((1 + u) * Rabs (A i) + eta)); [|right; ring].
      apply Rmult_le_compat; try apply Rabs_pos; [exact V1|apply Rounded, Hi]. }
    assert (Terms : Rabs (sum n (fun i => t i * a i) - sum n (fun i => v i * A' i)) <= EA + u * MA + (sigma + eta) * most).
    { rewrite <- sum_minus. eapply Rle_trans; [apply sum_abs|]. unfold EA, MA, most. rewrite <- !sum_scale, <- !sum_plus. apply sum_le. intros i Hi.
      replace (t i * a i - v i * A' i) with (t i * (a i - A i) + (t i - v i) * A i + v i * - (A' i - A i)) by ring.
      destruct (V i Hi) as [V1 [V2 V3]]. destruct (H i Hi) as [N1 N2]. pose proof (HA i Hi) as HAi. unfold rounds_to in HAi.
      eapply Rle_trans; [apply Rabs_triang|]. apply Rle_trans with (S i * sigma + E i * Rabs (A i) + (S i + E i) * (u * Rabs (A i) + eta)).
      - apply Rplus_le_compat; [eapply Rle_trans; [apply Rabs_triang|]; apply Rplus_le_compat|]; rewrite Rabs_mult.
        + apply Rmult_le_compat; try apply Rabs_pos; auto.
        + apply Rmult_le_compat_r; [apply Rabs_pos|exact N1].
        + rewrite Rabs_Ropp. apply Rmult_le_compat; try apply Rabs_pos; assumption.
      - assert (0 <= E i * sigma) by (apply Rmult_le_pos; assumption). lra. }
    split.
    - rewrite Split. replace (_ - s) with ((sum n (fun i => t i * a i) - sum n (fun i => v i * A' i)) + - (s - sum n (fun i => v i * A' i))) by ring.
      eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp.
      assert (T1 : gamma k * sum n (fun i => Rabs (v i * A' i)) <= gamma k * ((1 + u) * MA + eta * most)) by (apply Rmult_le_compat_l; lra).
      assert (T2 : (gamma k + u * (1 + gamma k)) * MA <= g * MA) by (apply Rmult_le_compat_r; lra).
      assert (T3 : gamma k * (eta * most) <= 1 * (eta * most)) by (apply Rmult_le_compat_r; [apply Rmult_le_pos|]; lra).
      assert (T4 : 0 <= (EA + g * MA) * g) by (apply Rmult_le_pos; [apply Rplus_le_le_0_compat; [|apply Rmult_le_pos]|]; lra). lra.
    - assert (T : sum n (fun i => S i * Rabs (a i)) <= sum n (fun i => S i * Rabs (A i)) + sigma * most).
      { unfold most. rewrite <- sum_scale, <- sum_plus. apply sum_le. intros i Hi. destruct (V i Hi) as [_ [V2 V3]].
        assert (Rabs (a i) <= Rabs (A i) + sigma).
        { replace (a i) with (A i + (a i - A i)) by ring. eapply Rle_trans; [apply Rabs_triang|]. specialize (Ha i Hi). lra. }
        apply Rle_trans with (S i * (Rabs (A i) + sigma)); [apply Rmult_le_compat_l; assumption|].
        assert (0 <= sigma * E i) by (apply Rmult_le_pos; assumption). lra. }
      assert (T0 : 0 <= sum n (fun i => S i * Rabs (A i))) by (apply sum_nonneg; intros i Hi; apply Rmult_le_pos; [apply V, Hi|apply Rabs_pos]).
      apply Rle_trans with (sum n (fun i => S i * Rabs (a i))).
      + eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros i Hi. rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|apply H, Hi].
      + assert (0 <= sum n (fun i => S i * Rabs (A i)) * g) by (apply Rmult_le_pos; lra). lra.
  Qed.

  (** Lemma 2.5: the length of Wt.  Of weights' squares two roundings are taken, of values' squares one; floats are not negative. *)
  Hypothesis eta_small : eta <= / 1000.

  Lemma square_below x r : 0 <= x -> rounds_to x r -> x * (1 - u) <= r + eta /\ r <= x * (1 + u) + eta.
  Proof. intros Hx R. unfold rounds_to in R. rewrite (Rabs_pos_eq x Hx) in R. apply below_abs in R. lra. Qed.

  Lemma length_bound n t v E S W q q' c s : INR (n + 6) * u <= / 100 ->
    (forall i, (i < n)%nat -> near (t i) (v i) (E i) (S i)) ->
    (forall i, (i < n)%nat -> rounds_to (W i * W i) (q' i) /\ rounds_to (q' i) (q i) /\ rounds_to (v i * v i) (c i)) ->
    (forall i, (i < n)%nat -> 0 <= q' i /\ 0 <= q i /\ 0 <= c i) ->
    any_sum n (sum n (fun i => c i * q i)) (sum n (fun i => Rabs (c i * q i))) s ->
    let lost := 3 * eta * (sum n (fun i => W i * W i) + sum n (fun i => (S i + E i) * (S i + E i)) + 2 * INR n) in
    within n (fun i => W i * t i) (sqrt s * (1 + gamma (n + 6)) + (sqrt (sum n (fun i => (E i * W i) * (E i * W i))) + sqrt lost)).
  Proof.
    intros Hn H HR H0 Hs lost. set (Q := sum n (fun i => W i * W i)) in *. set (M := sum n (fun i => (S i + E i) * (S i + E i))) in *.
    pose proof (pos_INR n) as N0. assert (Hn' : INR n * u <= / 100) by (rewrite plus_INR in Hn; simpl in Hn; nra).
    assert (Q0 : 0 <= Q) by apply squares_nonneg. assert (M0 : 0 <= M) by apply squares_nonneg.
    assert (L0 : 0 <= lost) by (unfold lost; apply Rmult_le_pos; lra).
    destruct (any_sum_error _ _ _ _ Hn' Hs) as [_ R]. pose proof (gamma_nonneg n Hn') as G.
    rewrite (sum_ext n (fun i => Rabs (c i * q i)) (fun i => c i * q i)) in R
      by (intros i Hi; destruct (H0 i Hi) as [_ [A B]]; apply Rabs_pos_eq, Rmult_le_pos; assumption).
    set (C := sum n (fun i => c i * q i)) in *. apply below_abs in R.
    set (T := sum n (fun i => (W i * v i) * (W i * v i))). set (f := 1 - u).
    assert (Terms : f * f * f * T <= C + eta * ((1 + u) * ((1 + u) * Q) + 2 * ((1 + u) * M) + 9 * INR n * eta)).
    { unfold T, C, Q, M. rewrite <- (Rmult_1_r (INR n)).
      assert (One : INR n * 1 = sum n (fun _ => 1)) by (clear; induction n as [|n IH]; [simpl; lra|rewrite S_INR; simpl sum; lra]).
      rewrite One. replace (9 * sum n (fun _ => 1) * eta) with (9 * eta * sum n (fun _ => 1)) by ring.
      rewrite <- !sum_scale, <- !sum_plus, <- sum_scale, <- sum_plus. apply sum_le. intros i Hi.
      destruct (HR i Hi) as [R1 [R2 R3]]. destruct (H0 i Hi) as [P1 [P2 P3]].
      destruct (square_below _ _ (Rle_0_sqr (W i)) R1) as [B1 B2]. destruct (square_below _ _ P1 R2) as [B3 B4].
      destruct (square_below _ _ (Rle_0_sqr (v i)) R3) as [B5 B6]. unfold Rsqr in *. fold f in B1, B3, B5.
      set (w2 := W i * W i) in *. set (v2 := v i * v i) in *. set (m2 := (S i + E i) * (S i + E i)).
      assert (W0 : 0 <= w2) by apply Rle_0_sqr. assert (V0 : 0 <= v2) by apply Rle_0_sqr.
      assert (VM : v2 <= m2).
      { destruct (near_value _ _ _ _ (H i Hi)) as [V1 _]. unfold v2, m2. rewrite <- (Rabs_pos_eq (v i * v i)) by apply Rle_0_sqr.
        rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; assumption. }
      assert (f1 : 0 <= f <= 1) by (unfold f; lra).
      assert (D1 : f * f * w2 <= q i + 2 * eta).
      { apply Rle_trans with (f * (q' i + eta)); [replace (f * f * w2) with (f * (w2 * f)) by ring; apply Rmult_le_compat_l; lra|].
        assert (f * eta <= 1 * eta) by (apply Rmult_le_compat_r; lra). lra. }
      apply Rle_trans with ((q i + 2 * eta) * (c i + eta)).
      { replace (f * f * f * (W i * v i * (W i * v i))) with ((f * f * w2) * (v2 * f)) by (unfold w2, v2; ring).
        apply Rmult_le_compat; [apply Rmult_le_pos; [apply Rmult_le_pos|]; lra|apply Rmult_le_pos; lra|exact D1|exact B5]. }
      assert (U1 : (1 + u) * q' i <= (1 + u) * (w2 * (1 + u) + eta)) by (apply Rmult_le_compat_l; lra).
      assert (U2 : (1 + u) * v2 <= (1 + u) * m2) by (apply Rmult_le_compat_l; lra).
      assert (U3 : u * eta <= 1 * eta) by (apply Rmult_le_compat_r; lra).
      replace ((q i + 2 * eta) * (c i + eta)) with (c i * q i + eta * (q i + 2 * c i + 2 * eta)) by ring.
      apply Rplus_le_compat_l, Rmult_le_compat_l; [exact eta_nonneg|]. lra. }
    assert (Root : 0 <= sqrt s /\ s <= sqrt s * sqrt s).
    { split; [apply sqrt_pos|]. destruct (Rle_lt_dec 0 s) as [S0|S0]; [rewrite sqrt_sqrt by exact S0; lra|].
      apply Rle_trans with 0; [lra|apply Rle_0_sqr]. }
    set (root := sqrt s) in *. set (g := 1 + gamma (n + 6)). set (x := INR n * u) in *.
    assert (x0 : 0 <= x) by (apply Rmult_le_pos; lra).
    assert (Hx : x + 6 * u <= / 100) by (rewrite plus_INR, Rmult_plus_distr_r in Hn; fold x in Hn; simpl (INR 6) in Hn; lra).
    assert (G6 : g = / (1 - (x + 6 * u))).
    { unfold g, gamma. rewrite plus_INR, Rmult_plus_distr_r. fold x. replace (INR 6) with 6 by (simpl; lra). field. lra. }
    assert (g1 : 1 <= g) by (unfold g; pose proof (gamma_nonneg _ Hn); lra).
    set (kappa := (1 - gamma n) * (f * f * f)).
    assert (Gn : 1 - 102 / 100 * x <= 1 - gamma n).
    { apply (Rmult_le_reg_r (1 - x)); [lra|]. replace ((1 - gamma n) * (1 - x)) with (1 - 2 * x) by (unfold gamma; fold x; field; lra). nra. }
    assert (f3 : 1 - 3 * u <= f * f * f <= 1) by (unfold f; split; nra).
    assert (K1 : 1 - 3 * u - 102 / 100 * x <= kappa).
    { apply Rle_trans with ((1 - 102 / 100 * x) * (1 - 3 * u)); [assert (0 <= x * u) by (apply Rmult_le_pos; lra); lra|].
      apply Rmult_le_compat; lra. }
    assert (K2 : 1 <= kappa * (g * g)).
    { set (b := x + 6 * u) in *. assert (B : (1 - b) * (1 - b) <= kappa) by (assert (0 <= b) by (unfold b; lra); unfold b in *; nra).
      rewrite G6. apply (Rmult_le_reg_r ((1 - b) * (1 - b))); [apply Rmult_lt_0_compat; lra|].
      replace (kappa * (/ (1 - b) * / (1 - b)) * ((1 - b) * (1 - b))) with kappa by (field; lra). lra. }
    assert (Fit : T <= g * g * (root * root) + lost).
    { apply (Rmult_le_reg_l kappa); [lra|].
      assert (S1 : kappa * T <= (1 - gamma n) * (C + eta * ((1 + u) * ((1 + u) * Q) + 2 * ((1 + u) * M) + 9 * INR n * eta)))
        by (unfold kappa; rewrite Rmult_assoc; apply Rmult_le_compat_l; lra).
      set (more := (1 + u) * ((1 + u) * Q) + 2 * ((1 + u) * M) + 9 * INR n * eta) in *.
      assert (More : 0 <= more <= 101 / 100 * Q + 201 / 100 * M + 9 / 1000 * INR n).
      { unfold more. assert (0 <= u * Q <= / 1000 * Q) by (split; [apply Rmult_le_pos|apply Rmult_le_compat_r]; lra).
        assert (0 <= u * (u * Q) <= / 1000 * (u * Q)) by (split; [apply Rmult_le_pos|apply Rmult_le_compat_r]; lra).
        assert (0 <= u * M <= / 1000 * M) by (split; [apply Rmult_le_pos|apply Rmult_le_compat_r]; lra).
        assert (0 <= INR n * eta <= INR n * / 1000) by (split; [apply Rmult_le_pos|apply Rmult_le_compat_l]; lra). lra. }
      assert (S2 : (1 - gamma n) * (eta * more) <= eta * more) by (assert (0 <= eta * more) by (apply Rmult_le_pos; lra); nra).
      assert (S3 : eta * (3 * INR n + more) <= eta * (294 / 100 * (Q + M + 2 * INR n))) by (apply Rmult_le_compat_l; lra).
      assert (S4 : 98 / 100 * lost <= kappa * lost) by (apply Rmult_le_compat_r; lra). unfold lost in S4 at 1.
      assert (S5 : 1 * (root * root) <= kappa * (g * g) * (root * root)) by (apply Rmult_le_compat_r; [apply Rle_0_sqr|exact K2]).
      lra. }
    assert (B : within n (fun i => W i * v i) (root * g + sqrt lost)).
    { pose proof (sqrt_pos lost) as Q1. pose proof (sqrt_sqrt lost L0) as Q2. destruct Root as [Root _].
      assert (0 <= root * g) by (apply Rmult_le_pos; lra). split; [lra|]. fold T.
      assert (0 <= root * g * sqrt lost) by (apply Rmult_le_pos; assumption). lra. }
    assert (D : within n (fun i => W i * (t i - v i)) (sqrt (sum n (fun i => (E i * W i) * (E i * W i))))).
    { split; [apply sqrt_pos|]. rewrite sqrt_sqrt by apply squares_nonneg. apply sum_le. intros i Hi. destruct (H i Hi) as [N1 _].
      destruct (near_value _ _ _ _ (H i Hi)) as [_ [E0 _]].
      replace (W i * (t i - v i) * (W i * (t i - v i))) with (W i * W i * ((t i - v i) * (t i - v i))) by ring.
      replace (E i * W i * (E i * W i)) with (W i * W i * (E i * E i)) by ring. apply Rmult_le_compat_l; [apply Rle_0_sqr|].
      rewrite <- (Rabs_pos_eq ((t i - v i) * (t i - v i))) by apply Rle_0_sqr. rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; exact N1. }
    apply within_more with ((root * g + sqrt lost) + sqrt (sum n (fun i => (E i * W i) * (E i * W i)))); [lra|].
    refine (within_ext n _ _ _ _ (within_plus n _ _ _ _ B D)). intros; cbv beta; ring.
  Qed.

  (** What is read off as [lower]: the float of v less the slack. *)
  Lemma lower_end t v E S slack r : near t v E S -> E + 4 * u * (S + E) + 2 * eta <= slack -> rounds_to (v - slack) r -> r <= t.
  Proof.
    intros N Hs R. destruct (near_value _ _ _ _ N) as [V [E0 S0]]. destruct N as [N1 _]. apply below_abs in N1, V. unfold rounds_to in R.
    apply below_abs in R. assert (0 <= u * (S + E)) by (apply Rmult_le_pos; lra).
    assert (A : Rabs (v - slack) <= S + E + slack) by (apply Rabs_le; lra).
    assert (u * Rabs (v - slack) <= u * (S + E + slack)) by (apply Rmult_le_compat_l; lra).
    assert (slack * (1 - u) >= (E + 4 * u * (S + E) + 2 * eta) * (1 - u)) by (apply Rle_ge, Rmult_le_compat_r; lra).
    assert (u * E <= u * (S + E)) by (apply Rmult_le_compat_l; lra). assert (0 <= u * (S + E)) by (apply Rmult_le_pos; lra).
    assert (u * (u * (S + E)) <= / 1000 * (u * (S + E))) by (apply Rmult_le_compat_r; lra).
    assert (u * eta <= / 1000 * eta) by (apply Rmult_le_compat_r; lra). lra.
  Qed.
End Floats.
