(** Theorem 3 (pairs): the rule of Pairs.v is sound. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Transport Uniform Gaps Vectors Pairs.
Import ListNotations.
Open Scope Z_scope.

(** ** Lists *)
Lemma others_by_spec (A : Type) (test : A -> bool) d c l :
  others_by test c l = true ->
  (c < length l)%nat /\ forall z, (z < length l)%nat -> z <> c -> test (nth z l d) = true.
Proof.
  revert c. induction l as [|a l IH]; intros c H; [discriminate|]. destruct c as [|c]; simpl in H.
  - rewrite forallb_forall in H. split; [simpl; lia|]. intros [|z] Hz Hne; [contradiction|]. simpl in Hz |- *.
    apply H, nth_In. lia.
  - destruct (test a) eqn:Ha; [|discriminate]. apply IH in H. destruct H as [Hc H].
    split; [simpl; lia|]. intros [|z] Hz Hne; [exact Ha|]. simpl in Hz |- *. apply H; lia.
Qed.

Lemma zshapedb_spec rows columns t : zshapedb rows columns t = true -> zshaped rows columns t.
Proof.
  unfold zshapedb. rewrite andb_true_iff, Nat.eqb_eq, forallb_forall. intros [H1 H2]. split; [exact H1|].
  intros x Hx. apply Nat.eqb_eq, H2, nth_In. lia.
Qed.

Lemma zaway_length m h a b : length h = m -> length a = m -> length b = m -> length (zaway_from h a b) = m.
Proof. intros H1 H2 H3. unfold zaway_from. rewrite map_length, !combine_length. lia. Qed.

Lemma zaway_dot d h a b m : length d = m -> length h = m -> length a = m -> length b = m ->
  zdot d h = zdot d a + zdot d b + zdot d (zaway_from h a b).
Proof.
  unfold zaway_from. revert m h a b. induction d as [|u d IH]; intros m [|v h] [|v' a] [|v'' b] H1 H2 H3 H4; simpl in *;
    subst; try discriminate; [reflexivity|]. rewrite (IH (length d) h a b) by lia. lia.
Qed.

Lemma stands_away hs zhs a b : Forall2 stands hs zhs -> forall as_ bs_,
  as_ = map of_Z a -> bs_ = map of_Z b -> Forall2 stands (away_from hs as_ bs_) (zaway_from zhs a b).
Proof.
  intros F. revert a b. induction F as [|h zh hs zhs H F IH]; intros a b as_ bs_ -> ->; [constructor|].
  unfold away_from, zaway_from in *. destruct a as [|a0 a]; [constructor|]. destruct b as [|b0 b]; [constructor|].
  simpl. constructor; [|apply IH; reflexivity].
  apply stands_sub; [apply stands_sub; [exact H|apply stands_of_Z]|apply stands_of_Z].
Qed.

Lemma zaway_bound h a b H A B v :
  (forall u, In u h -> Z.abs u <= H) -> (forall u, In u a -> Z.abs u <= A) -> (forall u, In u b -> Z.abs u <= B) ->
  In v (zaway_from h a b) -> Z.abs v <= H + A + B.
Proof.
  intros Hh Ha Hb Hv. unfold zaway_from in Hv. apply in_map_iff in Hv. destruct Hv as [[u [u' u'']] [<- Hv]].
  pose proof (in_combine_l _ _ _ _ Hv) as H1. apply in_combine_r in Hv.
  pose proof (in_combine_l _ _ _ _ Hv) as H2. apply in_combine_r in Hv. simpl.
  specialize (Hh u H1). specialize (Ha u' H2). specialize (Hb u'' Hv). lia.
Qed.

Lemma nth_largest_of rows x v : In v (nth x rows nil) -> Z.abs v <= largest_of largest rows.
Proof.
  intros Hv. destruct (nth_in_or_default x rows nil) as [H|H]; [|rewrite H in Hv; contradiction].
  eapply Z.le_trans; [apply largest_spec; exact Hv|]. apply largest_of_spec; exact H.
Qed.

Lemma nth_total_of rows x : total (nth x rows nil) <= largest_of total rows.
Proof.
  destruct (nth_in_or_default x rows nil) as [H|H]; [apply largest_of_spec; exact H|].
  rewrite H. simpl. apply largest_of_nonneg.
Qed.

Lemma stands_dots hs zhs W : Forall2 stands hs zhs ->
  Forall2 stands (map (fun w => dot 0%uint63 w hs) (map (map of_Z) W)) (map (fun w => zdot w zhs) W).
Proof.
  intros F. induction W as [|w W IH]; simpl; constructor; [|exact IH].
  change (zdot w zhs) with (0 + zdot w zhs). apply stands_dot; [exact F|reflexivity].
Qed.

Lemma stands_nth l zl i : Forall2 stands l zl -> (i < length l)%nat -> stands (nth i l 0%uint63) (nth i zl 0).
Proof.
  intros F. revert i. induction F as [|a za l zl H F IH]; intros i Hi; simpl in Hi; [lia|].
  destruct i as [|i]; [exact H|]. apply IH. lia.
Qed.


Lemma reach_bound L l d v m : length d = S m -> length v = S m -> 0 <= L ->
  (forall u, In u (removelast v) -> Z.abs u <= L) -> Z.abs (last v 0) <= l -> Z.abs (zdot d v) <= reach L l d.
Proof.
  intros Hd Hv HL Hu Hl. unfold reach.
  assert (Nd : d <> nil) by (intros ->; discriminate). assert (Nv : v <> nil) by (intros ->; discriminate).
  pose proof (app_removelast_last 0 Nd) as Ed. pose proof (app_removelast_last 0 Nv) as Ev.
  assert (Lr : length (removelast d) = length (removelast v)).
  { apply (f_equal (@length Z)) in Ed, Ev. rewrite app_length in Ed, Ev. simpl in Ed, Ev. lia. }
  rewrite Ed at 1. rewrite Ev at 1. rewrite zdot_app by exact Lr. simpl zdot. rewrite Z.add_0_r.
  pose proof (zdot_largest (removelast d) (removelast v) L HL Hu) as H1.
  assert (Z.abs (last d 0 * last v 0) <= Z.abs (last d 0) * l) by (rewrite Z.abs_mul; nia). lia.
Qed.

Lemma reach_nonneg L l d : 0 <= L -> 0 <= l -> 0 <= reach L l d.
Proof. intros. unfold reach. pose proof (total_nonneg (removelast d)). nia. Qed.

Lemma side_first side x u : In u (removelast (nth x side nil)) -> Z.abs u <= side_most side.
Proof.
  intros Hu. unfold side_most. destruct (nth_in_or_default x side nil) as [H|H]; [|rewrite H in Hu; contradiction].
  eapply Z.le_trans; [apply largest_spec; exact Hu|]. apply largest_of_spec.
  apply (in_map (fun a => removelast a)), H.
Qed.

Lemma side_end side x : Z.abs (last (nth x side nil) 0) <= side_last side.
Proof.
  unfold side_last. destruct (nth_in_or_default x side nil) as [H|H].
  - apply largest_spec, (in_map (fun a => last a 0)), H.
  - rewrite H. simpl. apply largest_nonneg.
Qed.

Lemma zaway_removelast h a b : length a = length h -> length b = length h ->
  removelast (zaway_from h a b) = zaway_from (removelast h) (removelast a) (removelast b).
Proof.
  unfold zaway_from. revert a b. induction h as [|u h IH]; intros [|u' a] [|u'' b] Ha Hb; simpl in Ha, Hb; try discriminate; [reflexivity|].
  destruct h as [|v h], a as [|v' a], b as [|v'' b]; simpl in Ha, Hb; try discriminate; [reflexivity|].
  specialize (IH (v' :: a) (v'' :: b) ltac:(simpl; lia) ltac:(simpl; lia)).
  simpl in IH |- *. rewrite IH. reflexivity.
Qed.

Lemma zaway_last h a b : length a = length h -> length b = length h -> h <> nil ->
  last (zaway_from h a b) 0 = last h 0 - last a 0 - last b 0.
Proof.
  unfold zaway_from. revert a b. induction h as [|u h IH]; intros [|u' a] [|u'' b] Ha Hb Hne; simpl in Ha, Hb; try discriminate; [contradiction|].
  destruct h as [|v h], a as [|v' a], b as [|v'' b]; simpl in Ha, Hb; try discriminate; [reflexivity|].
  specialize (IH (v' :: a) (v'' :: b) ltac:(simpl; lia) ltac:(simpl; lia) ltac:(discriminate)).
  simpl in IH |- *. exact IH.
Qed.

(** ** What is not written *)
Lemma rest_row_spec D u F centre W m i :
  length u = m -> length centre = m -> (i < m)%nat ->
  Z.abs D * largest u + largest centre + total F * largest_of largest W < 2 ^ 62 ->
  nth i (rest_row D u F centre (opposite_columns m W)) 0 =
  D * nth i u 0 - nth i centre 0 - zdot F (map (fun w => nth i w 0) W).
Proof.
  intros Hu Hc Hi Hfit. unfold rest_row.
  set (f := fun ucc : Z * (Z * list int) => _).
  assert (Hl : length (opposite_columns m W) = m) by (unfold opposite_columns, tabulate; rewrite map_length, seq_length; reflexivity).
  rewrite (nth_indep _ 0 (f (0, (0, nil)))) by (rewrite map_length, !combine_length; lia).
  rewrite map_nth, combine_nth by (rewrite combine_length; lia). rewrite combine_nth by lia.
  unfold f. simpl fst. simpl snd. unfold opposite_columns. rewrite tabulate_nth by exact Hi.
  set (x := nth i u 0). set (c := nth i centre 0).
  assert (Hd : zdot F (map (fun w => nth i w 0) W) = - zdot F (map (fun w => - nth i w 0) W))
    by (rewrite zdot_opposite; lia).
  apply signed_spec.
  - replace (D * x - c - zdot F (map (fun w => nth i w 0) W)) with (D * x + (- c + zdot F (map (fun w => - nth i w 0) W))) by lia.
    apply stands_add; [apply stands_mul; apply stands_of_Z|]. apply stands_dot; [|apply stands_of_Z].
    clear. induction W as [|w W IH]; simpl; constructor; [apply stands_of_Z|exact IH].
  - assert (H1 : Z.abs x <= largest u) by (apply nth_largest). assert (H2 : Z.abs c <= largest centre) by (apply nth_largest).
    assert (H3 : Z.abs (zdot F (map (fun w => nth i w 0) W)) <= total F * largest_of largest W).
    { apply zdot_largest; [apply largest_of_nonneg|]. intros h Hh. apply in_map_iff in Hh. destruct Hh as [w [<- Hw]].
      eapply Z.le_trans; [apply nth_largest|]. apply largest_of_spec; exact Hw. }
    assert (Z.abs (D * x) <= Z.abs D * largest u) by (rewrite Z.abs_mul; nia). lia.
Qed.

(** D times an output is what is written on features, the rest, and a constant. *)
Lemma decompose D u F centre W m h d :
  length u = m -> length centre = m -> length h = m -> length F = length W -> (forall w, In w W -> length w = m) ->
  length d = m ->
  (forall i, (i < m)%nat -> nth i d 0 = D * nth i u 0 - nth i centre 0 - zdot F (map (fun w => nth i w 0) W)) ->
  D * zdot u h = zdot F (map (fun w => zdot w h) W) + zdot d h + zdot centre h.
Proof.
  intros Hu Hc Hh HF HW Hd H. rewrite (zdot_swap m F W h HF HW Hh).
  rewrite (zdot_sum u h m), (zdot_sum d h m), (zdot_sum centre h m) by assumption.
  rewrite <- sum_scale, <- !sum_plus. apply sum_ext. intros i Hi. rewrite (H i Hi). ring.
Qed.

(** ** References *)
Section References.
  Variables (n : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.

  Definition proper (B : block) : Prop :=
    action n op e (rows B) (left_of B) /\ action n op e (columns B) (right_of B) /\
    (forall x b c, (x < n)%nat -> (b < rows B)%nat -> (c < columns B)%nat ->
       coupling_of B (left_of B x b) (right_of B x c) = coupling_of B b c).

  (** Lemma 6 (transport), for the sums of one block. *)
  Lemma carried W x y w (Pf : nat -> nat -> Z) : proper (on W) -> (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    sum2 (rows (on W)) (columns (on W)) (fun b c =>
      (coupling_of (on W) b (right_of (on W) (op x y) c) - coupling_of (on W) b (right_of (on W) (op (op x w) y) c)) * Pf b c) =
    zdot (change_row W w)
      (flat (rows (on W)) (columns (on W)) (fun b c => Pf (left_of (on W) x b) (right_of (on W) (inv y) c))).
  Proof.
    intros [HL [HR HI]] Hx Hy Hw. set (B := on W) in *. unfold change_row. fold B. rewrite zdot_flat.
    destruct (inverse x Hx) as [Hix _]. destruct (inverse y Hy) as [Hiy _].
    pose proof (action_bijection' n op e inv inverse _ _ x HL Hx) as Bl.
    pose proof (action_bijection n op e inv inverse _ _ y HR Hy) as Br.
    rewrite <- (sum2_bijection _ _ _ _ _ _ (fun b c => change (right_of B) (coupling_of B) w b c *
      Pf (left_of B x b) (right_of B (inv y) c)) Bl Br).
    apply sum2_ext. intros b c Hb Hc.
    destruct (Bl b Hb) as [B1 [_ [_ B4]]]. destruct (Br c Hc) as [C1 [_ [_ C4]]].
    destruct HL as [Lr [Le La]]. destruct HR as [Rr [Re Ra]].
    assert (E0 : left_of B x (left_of B (inv x) b) = b).
    { destruct (Bl b Hb) as [_ [_ [_ H]]]. exact H. }
    rewrite E0, C4. f_equal. unfold change.
    rewrite (transport n op e inv inverse (rows B) (columns B) (left_of B) (right_of B) (coupling_of B)) by
      (try assumption; repeat split; assumption).
    rewrite (assoc x w y), (transport n op e inv inverse (rows B) (columns B) (left_of B) (right_of B) (coupling_of B)) by
      (try assumption; auto; repeat split; assumption).
    rewrite Ra by assumption. reflexivity.
  Qed.

  Lemma carried_bound k W bs x y w (Pf : written_block -> nat -> nat -> Z) rest Pm Pz K SM KM :
    proper (on W) -> (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    Forall2 stands Pm Pz -> Pz = flat (rows (on W)) (columns (on W)) (Pf W) ++ bs ++ rest ->
    (forall v, In v Pz -> Z.abs v <= SM) -> (forall v, In v K -> Z.abs v <= KM) -> (points W <= length K)%nat ->
    units_fit (SM + KM) (repeat k (points W)) = true ->
    zdot (change_row W w) (firstn (points W) K) -
    scaled_length (repeat k (points W)) (change_row W w) *
    length_up (repeat k (points W))
      (map (fun qk => fst qk - snd qk)%uint63 (combine (moved inv x y (on W) Pm) (firstn (points W) (map of_Z K)))) <=
    sum2 (rows (on W)) (columns (on W)) (fun b c =>
      (coupling_of (on W) b (right_of (on W) (op x y) c) - coupling_of (on W) b (right_of (on W) (op (op x w) y) c)) * Pf W b c).
  Proof.
    intros HW Hx Hy Hw F EP HP HK Hlen Hfit.
    rewrite (carried W x y w (Pf W) HW Hx Hy Hw).
    destruct HW as [HL [HR _]]. set (B := on W) in *.
    set (zm := flat (rows B) (columns B) (fun b c => Pf W (left_of B x b) (right_of B (inv y) c))).
    assert (Lm : length zm = points W) by apply flat_length.
    destruct (inverse y Hy) as [Hiy _].
    assert (At : forall b c, (b < rows B)%nat -> (c < columns B)%nat ->
      let i := (left_of B x b * columns B + right_of B (inv y) c)%nat in
      (i < length Pz)%nat /\ nth i Pz 0 = Pf W (left_of B x b) (right_of B (inv y) c)).
    { intros b c Hb Hc i. destruct HL as [Lr _]. destruct HR as [Rr _].
      assert (H1 : (left_of B x b < rows B)%nat) by auto. assert (H2 : (right_of B (inv y) c < columns B)%nat) by auto.
      split.
      - rewrite EP, app_length, flat_length. unfold i. nia.
      - rewrite EP. apply flat_nth; assumption. }
    assert (Fm : Forall2 stands (moved inv x y B Pm) zm).
    { apply stands_flat. intros b c Hb Hc. destruct (At b c Hb Hc) as [A1 A2]. rewrite <- A2.
      apply stands_nth; [exact F|]. rewrite (stand_length _ _ F). exact A1. }
    set (zd := map (fun qk => fst qk - snd qk) (combine zm (firstn (points W) K))).
    assert (LK : length (firstn (points W) K) = points W) by (rewrite firstn_length; lia).
    assert (Fd : Forall2 stands (map (fun qk => fst qk - snd qk)%uint63 (combine (moved inv x y B Pm) (firstn (points W) (map of_Z K)))) zd).
    { unfold zd. rewrite firstn_map. apply stands_less. exact Fm. }
    assert (Lc : length (change_row W w) = points W) by apply flat_length.
    assert (Ld : length zd = points W) by (unfold zd; rewrite map_length, combine_length; lia).
    assert (Bd : forall v, In v zd -> Z.abs v <= SM + KM).
    { intros v Hv. unfold zd in Hv. apply in_map_iff in Hv. destruct Hv as [[q k'] [<- Hv]]. simpl.
      pose proof (in_combine_l _ _ _ _ Hv) as H1. apply in_combine_r in Hv.
      assert (In k' K) by (rewrite <- (firstn_skipn (points W) K); apply in_app_iff; left; exact Hv).
      assert (In q Pz).
      { unfold zm in H1. apply in_flat in H1. destruct H1 as [b [c [Hb [Hc <-]]]].
        destruct (At b c Hb Hc) as [A1 A2]. rewrite <- A2. apply nth_In. exact A1. }
      specialize (HP q H0). specialize (HK k' H). lia. }
    assert (Split : zdot (change_row W w) zm = zdot (change_row W w) (firstn (points W) K) + zdot (change_row W w) zd).
    { unfold zd. rewrite (zdot_less _ _ _ (points W)) by assumption. lia. }
    rewrite Split.
    pose proof (scaled_bound (SM + KM) (repeat k (points W)) _ (change_row W w) zd Hfit Fd Bd) as S.
    rewrite repeat_length in S. specialize (S Lc Ld). fold B. lia.
  Qed.

  Lemma reference_bound k bs x y w (Pf : written_block -> nat -> nat -> Z) rest SM KM :
    (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    forall Pm Pz K, (forall W, In W bs -> proper (on W)) ->
    Forall2 stands Pm Pz -> Pz = flat_map (fun W => flat (rows (on W)) (columns (on W)) (Pf W)) bs ++ rest ->
    (forall v, In v Pz -> Z.abs v <= SM) -> (forall v, In v K -> Z.abs v <= KM) ->
    length K = length (flat_map (fun W => repeat tt (points W)) bs) ->
    (forall W, In W bs -> units_fit (SM + KM) (repeat k (points W)) = true) ->
    zdot (changes bs w) K - zdot (distances k bs w) (aways inv k x y bs Pm (map of_Z K)) <=
    lsum (fun W => sum2 (rows (on W)) (columns (on W)) (fun b c =>
      (coupling_of (on W) b (right_of (on W) (op x y) c) - coupling_of (on W) b (right_of (on W) (op (op x w) y) c)) * Pf W b c)) bs.
  Proof.
    intros Hx Hy Hw. induction bs as [|W bs IH]; intros Pm Pz K HW F EP HP HK HL Hfit; [simpl; lia|].
    simpl in EP, HL. rewrite app_length, repeat_length in HL. rewrite <- app_assoc in EP.
    change (changes (W :: bs) w) with (change_row W w ++ changes bs w).
    simpl aways. simpl lsum. unfold distances in *. simpl map. simpl zdot.
    assert (Lc : length (change_row W w) = points W) by apply flat_length.
    rewrite <- (firstn_skipn (points W) K) at 1. rewrite zdot_app by (rewrite firstn_length; lia).
    pose proof (carried_bound k W _ x y w Pf rest Pm Pz K SM KM (HW W (or_introl eq_refl)) Hx Hy Hw F EP HP HK ltac:(lia)
      (Hfit W (or_introl eq_refl))) as H1.
    assert (EP' : skipn (points W) Pz = flat_map (fun W => flat (rows (on W)) (columns (on W)) (Pf W)) bs ++ rest).
    { rewrite EP. rewrite skipn_app, flat_length. unfold points. rewrite Nat.sub_diag.
      rewrite skipn_all2 by (rewrite flat_length; lia). reflexivity. }
    specialize (IH (skipn (points W) Pm) (skipn (points W) Pz) (skipn (points W) K) (fun V H => HW V (or_intror H))
      (stands_skipn _ _ _ F) EP' (fun v H => HP v (in_skipn _ _ _ _ H)) (fun v H => HK v (in_skipn _ _ _ _ H))
      ltac:(rewrite skipn_length; lia) (fun V H => Hfit V (or_intror H))).
    rewrite skipn_map. lia.
  Qed.
End References.

(** ** One pair *)
Lemma combine_tabulate (A B : Type) n (f : nat -> A) (g : nat -> B) :
  combine (tabulate n f) (tabulate n g) = tabulate n (fun i => (f i, g i)).
Proof. unfold tabulate. induction (seq 0 n); simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma tabulate_length (A : Type) n (f : nat -> A) : length (tabulate n f) = n.
Proof. unfold tabulate. rewrite map_length, seq_length. reflexivity. Qed.

Lemma zhiddens_bound l r L R u : (forall a, In a l -> Z.abs a <= L) -> (forall b, In b r -> Z.abs b <= R) ->
  In u (zhiddens l r) -> Z.abs u <= L + R.
Proof.
  revert r. induction l as [|a l IH]; intros [|b r] Hl Hr H; simpl in H; try contradiction. destruct H as [<-|H].
  - specialize (Hl a (or_introl eq_refl)). specialize (Hr b (or_introl eq_refl)). unfold relu. lia.
  - apply (IH r); auto; intros; [apply Hl|apply Hr]; right; assumption.
Qed.

Lemma zdot_features bs z rest h :
  zdot (flat_map (fun W => block_features (on W) z) bs ++ rest)
       (map (fun w => zdot w h) (flat_map (fun W => flat (rows (on W)) (columns (on W)) (weights_at W)) bs)) =
  lsum (fun W => sum2 (rows (on W)) (columns (on W)) (fun b c =>
    coupling_of (on W) b (right_of (on W) z c) * zdot (weights_at W b c) h)) bs.
Proof.
  induction bs as [|W bs IH]; simpl; [destruct rest; reflexivity|].
  rewrite map_app, <- app_assoc, zdot_app.
  - rewrite IH. f_equal. rewrite flat_map_map. unfold block_features. apply zdot_flat.
  - unfold block_features. rewrite map_length, !flat_length. reflexivity.
Qed.

Lemma map_writings bs h :
  map (fun w => zdot w h) (flat_map (fun W => flat (rows (on W)) (columns (on W)) (weights_at W)) bs) =
  flat_map (fun W => flat (rows (on W)) (columns (on W)) (fun b c => zdot (weights_at W b c) h)) bs.
Proof. induction bs as [|W bs IH]; simpl; [reflexivity|]. rewrite map_app, flat_map_map, IH. reflexivity. Qed.

Section PairsSound.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat).
  Variables (r : rounded) (E : sums) (need : Z).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.
  Hypothesis blocks_proper : forall W, In W (blocks_of E) -> proper n op e (on W).
  Hypothesis shape_l : zshaped n m (rows_left r).
  Hypothesis shape_r : zshaped n m (rows_right r).
  Hypothesis shape_u : zshaped n m (rows_unembed r).
  Hypothesis shape_b : length (row_bias r) = n.
  Hypothesis need_nonneg : 0 <= need.
  Let N' := rounded_network m r.
  Let v := prepare n m e r E.
  Hypothesis fit : sums_fit n m r E need v = true.

  Let D := scale_of_sums E.
  Let H := Z.max 1 (reads_most r).
  Let W := writings E.
  Let SM := largest_of (reach H 1) W.
  Let T := away_most H E.
  Let T1 := away_last E.
  Definition rest_at (z : nat) : list Z :=
    rest_row D (unembed_row r z) (features_at E z) (centre_of_sums E) (opposite_columns (S m) W).

  Lemma fits : 0 < D /\ reads_most r < 2 ^ 62 /\
    (forall z, (z < n)%nat -> length (features_at E z) = length W) /\
    (forall w, In w W -> length w = S m) /\ length (centre_of_sums E) = S m /\ length (units E) = m /\
    zshaped n (S m) (near_left E) /\ zshaped n (S m) (near_right E) /\
    rest_fits D (tabulate n (unembed_row r)) (tabulate n (features_at E)) (centre_of_sums E) W = true /\
    (units_fit T (units E) = true /\ T1 < 2 ^ 62) /\
    2 * largest_of (reach H 1) (tabulate n (unembed_row r)) + need < 2 ^ 62 /\ base v < 2 ^ 62.
  Proof.
    pose proof fit as F. unfold sums_fit in F. rewrite !andb_true_iff, !Z.ltb_lt, !Nat.eqb_eq, !forallb_forall in F.
    destruct F as [[[[[[[[[[[[F1 F2] F3] F4] F5] F6] F7] F8] F9] F10] F13] F11] F12].
    apply zshapedb_spec in F7, F8. repeat split; try assumption; try apply F7; try apply F8.
    - intros z Hz. apply Nat.eqb_eq, F3, in_seq. lia.
    - intros w Hw. apply Nat.eqb_eq, F4, Hw.
  Qed.

  Lemma unembed_row_length z : (z < n)%nat -> length (unembed_row r z) = S m.
  Proof. intros Hz. unfold unembed_row. rewrite app_length. destruct shape_u as [_ Hu]. rewrite Hu by exact Hz. simpl. lia. Qed.

  Lemma rests_are : rests v = tabulate n rest_at.
  Proof. unfold v, prepare. simpl. rewrite combine_tabulate. unfold tabulate. rewrite map_map. reflexivity. Qed.

  Lemma rest_at_length z : (z < n)%nat -> length (rest_at z) = S m.
  Proof.
    intros Hz. destruct fits as [_ [_ [_ [_ [Hc _]]]]]. unfold rest_at, rest_row, opposite_columns.
    rewrite map_length, !combine_length, unembed_row_length, tabulate_length by exact Hz. lia.
  Qed.

  Lemma rest_at_spec z i : (z < n)%nat -> (i < S m)%nat ->
    nth i (rest_at z) 0 = D * nth i (unembed_row r z) 0 - nth i (centre_of_sums E) 0 -
      zdot (features_at E z) (map (fun w => nth i w 0) W).
  Proof.
    intros Hz Hi. destruct fits as [_ [_ [_ [_ [Hc [_ [_ [_ [HF _]]]]]]]]].
    apply rest_row_spec; try assumption; [apply unembed_row_length; exact Hz|].
    unfold rest_fits in HF. rewrite Z.ltb_lt in HF.
    assert (H1 : largest (unembed_row r z) <= largest_of largest (tabulate n (unembed_row r))).
    { apply largest_of_spec. unfold tabulate. apply in_map, in_seq. lia. }
    assert (H2 : total (features_at E z) <= largest_of total (tabulate n (features_at E))).
    { apply largest_of_spec. unfold tabulate. apply in_map, in_seq. lia. }
    pose proof (largest_of_nonneg largest W). nia.
  Qed.

  Lemma sides_nonneg side : 0 <= side_most side /\ 0 <= side_last side.
  Proof. split; [apply largest_of_nonneg|apply largest_nonneg]. Qed.

  Lemma T_nonneg : 0 <= T /\ 0 <= T1.
  Proof.
    unfold T, T1, away_most, away_last, H. pose proof (sides_nonneg (near_left E)). pose proof (sides_nonneg (near_right E)). lia.
  Qed.

  Lemma rest_in z : (z < n)%nat -> In (rest_at z) (rests v).
  Proof. intros Hz. rewrite rests_are. unfold tabulate. apply in_map, in_seq. lia. Qed.

  Lemma part_stands side k z : zshaped n (S m) side -> (k < n)%nat -> (z < n)%nat ->
    stands (nth z (nth k (parts (map (map of_Z) (rests v)) (map (map of_Z) side)) nil) 0%uint63) (zdot (rest_at z) (nth k side nil)).
  Proof.
    intros [Hs _] Hk Hz. unfold parts. rewrite map_map.
    set (f := fun a : list Z => _).
    rewrite (nth_indep _ nil (f nil)) by (rewrite map_length; lia). rewrite map_nth. unfold f.
    rewrite map_map, rests_are, nth_map_tabulate by exact Hz.
    change (zdot (rest_at z) (nth k side nil)) with (0 + zdot (rest_at z) (nth k side nil)).
    apply stands_dot; [apply stands_self|reflexivity].
  Qed.

  Lemma part_length side k : zshaped n (S m) side -> (k < n)%nat ->
    length (nth k (parts (map (map of_Z) (rests v)) (map (map of_Z) side)) nil) = n.
  Proof.
    intros [Hs _] Hk. unfold parts. rewrite map_map.
    set (f := fun a : list Z => _).
    rewrite (nth_indep _ nil (f nil)) by (rewrite map_length; lia). rewrite map_nth. unfold f.
    rewrite map_length, map_length, rests_are. apply tabulate_length.
  Qed.

  Lemma part_bound side k z : zshaped n (S m) side -> (k < n)%nat -> (z < n)%nat ->
    Z.abs (zdot (rest_at z) (nth k side nil)) <= largest_of (reach_side side) (rests v).
  Proof.
    intros [_ Hs] Hk Hz. eapply Z.le_trans; [|apply (largest_of_spec (reach_side side)), rest_in, Hz].
    apply (reach_bound _ _ _ _ m); [apply rest_at_length, Hz|apply Hs, Hk|apply sides_nonneg| |apply side_end].
    intros u Hu. eapply side_first. exact Hu.
  Qed.

  Lemma worst_bounds side k z : zshaped n (S m) side -> (k < n)%nat -> (z < n)%nat ->
    largest_of (reach_side side) (rests v) < 2 ^ 62 ->
    zdot (rest_at z) (nth k side nil) <=
    nth k (map (fun row => highest (map signed row)) (parts (map (map of_Z) (rests v)) (map (map of_Z) side))) 0.
  Proof.
    intros Hs Hk Hz Hfit.
    set (g := fun row : list int => highest (map signed row)).
    rewrite (nth_indep _ 0 (g nil)) by (unfold parts; rewrite !map_length; destruct Hs as [-> _]; exact Hk).
    rewrite map_nth. unfold g. apply highest_spec.
    pose proof (part_stands side k z Hs Hk Hz) as S. pose proof (part_bound side k z Hs Hk Hz) as P.
    rewrite <- (signed_spec _ _ S) by lia. apply in_map, nth_In. rewrite part_length by assumption. exact Hz.
  Qed.

  Section OnePair.
    Variables x y : nat.
    Hypothesis Hx : (x < n)%nat.
    Hypothesis Hy : (y < n)%nat.
    Let lrow := nth x (rows_left r) nil.
    Let rrow := nth y (rows_right r) nil.
    Let hs := hiddens (nth x (left_m v) nil) (nth y (right_m v) nil) ++ [1%uint63].
    Let zhs := zhiddens lrow rrow ++ [1].
    Let P := map (fun w => zdot w zhs) W.
    Let ax := nth x (near_left E) nil.
    Let by_ := nth y (near_right E) nil.
    Let zaway := zaway_from zhs ax by_.
    Let away := away_from hs (nth x (near_left_m v) nil) (nth y (near_right_m v) nil).

    Lemma hs_stand : Forall2 stands hs zhs.
    Proof.
      unfold hs, zhs. apply stands_app; [|constructor; [reflexivity|constructor]].
      unfold v, prepare. simpl left_m. simpl right_m.
      rewrite (zshaped_map n m) by assumption. rewrite (zshaped_map n m) by assumption.
      apply stands_hiddens with (L := largest_of largest (rows_left r)) (R := largest_of largest (rows_right r)).
      - apply largest_of_nonneg.
      - apply largest_of_nonneg.
      - destruct fits as [_ [F _]]. exact F.
      - intros a Ha. apply (left_bound n m r shape_l x a Hx Ha).
      - intros a Ha. apply (right_bound n m r shape_r y a Hy Ha).
    Qed.

    Lemma zhs_length : length zhs = S m.
    Proof.
      unfold zhs. rewrite app_length, (zhiddens_length _ _ m); [simpl; lia| |].
      - destruct shape_l as [_ H1]. apply H1, Hx.
      - destruct shape_r as [_ H1]. apply H1, Hy.
    Qed.

    Lemma zhs_bound u : In u (removelast zhs) -> Z.abs u <= H.
    Proof.
      unfold zhs. rewrite removelast_last. intros Hu. unfold H.
      apply (zhiddens_bound _ _ (largest_of largest (rows_left r)) (largest_of largest (rows_right r))) in Hu.
      - unfold reads_most. lia.
      - intros a Ha. apply (left_bound n m r shape_l x a Hx Ha).
      - intros a Ha. apply (right_bound n m r shape_r y a Hy Ha).
    Qed.

    Lemma zhs_last : last zhs 0 = 1.
    Proof. apply last_last. Qed.

    Lemma zhs_reach d : length d = S m -> Z.abs (zdot d zhs) <= reach H 1 d.
    Proof.
      intros Hd. apply (reach_bound H 1 d zhs m Hd zhs_length); [unfold H; lia|exact zhs_bound|rewrite zhs_last; lia].
    Qed.

    Lemma logit_zdot z : (z < n)%nat -> logit N' x y z = zdot (unembed_row r z) zhs.
    Proof.
      intros Hz. destruct shape_l as [_ L1]. destruct shape_r as [_ R1]. destruct shape_u as [_ U1].
      assert (Lz : length (zhiddens lrow rrow) = m) by (apply zhiddens_length; [apply L1, Hx|apply R1, Hy]).
      unfold unembed_row, zhs. rewrite zdot_app by (rewrite U1, Lz by exact Hz; reflexivity).
      rewrite (zdot_sum _ _ m) by (auto; apply U1, Hz). simpl zdot. rewrite Z.mul_1_r, Z.add_0_r.
      unfold logit. simpl width. simpl bias. f_equal. apply sum_ext. intros i Hi.
      rewrite (zhiddens_nth lrow rrow m i (L1 x Hx) (R1 y Hy) Hi). reflexivity.
    Qed.

    Lemma away_stands : Forall2 stands away zaway.
    Proof.
      destruct fits as [_ [_ [_ [_ [_ [_ [Ha [Hb _]]]]]]]].
      unfold away, zaway. apply (stands_away hs zhs ax by_ hs_stand); unfold v, prepare; simpl.
      - apply (zshaped_map n (S m)); assumption.
      - apply (zshaped_map n (S m)); assumption.
    Qed.

    Lemma zaway_size : length zaway = S m.
    Proof.
      destruct fits as [_ [_ [_ [_ [_ [_ [[_ Ha] [[_ Hb] _]]]]]]]].
      apply zaway_length; [apply zhs_length|apply Ha, Hx|apply Hb, Hy].
    Qed.

    Lemma sides_length : length ax = S m /\ length by_ = S m.
    Proof. destruct fits as [_ [_ [_ [_ [_ [_ [[_ Ha] [[_ Hb] _]]]]]]]]. split; [apply Ha, Hx|apply Hb, Hy]. Qed.

    Lemma zaway_first u : In u (removelast zaway) -> Z.abs u <= T.
    Proof.
      destruct sides_length as [La Lb]. unfold zaway. rewrite zaway_removelast by (rewrite zhs_length; assumption).
      apply zaway_bound; [exact zhs_bound| |]; intros; eapply side_first; eassumption.
    Qed.

    Lemma zaway_end : Z.abs (last zaway 0) <= T1.
    Proof.
      destruct sides_length as [La Lb]. unfold zaway. rewrite zaway_last by
        (try (rewrite zhs_length; assumption); unfold zhs; destruct (zhiddens lrow rrow); discriminate).
      rewrite zhs_last. unfold ax, by_, T1, away_last.
      pose proof (side_end (near_left E) x). pose proof (side_end (near_right E) y). lia.
    Qed.

    Let rest := rest_of E v away.

    Lemma rest_bound z : (z < n)%nat -> Z.abs (zdot (rest_at z) zaway) <= rest.
    Proof.
      intros Hz. destruct fits as [_ [_ [_ [_ [_ [Hu [_ [_ [_ [[HU HT1] _]]]]]]]]]].
      pose proof (rest_at_length z Hz) as Ld. pose proof zaway_size as Lz.
      rewrite (zdot_last (rest_at z) zaway m Ld Lz).
      assert (H1 : Z.abs (zdot (removelast (rest_at z)) (removelast zaway)) <= rest_most v * length_up (units E) (removelast away)).
      { eapply Z.le_trans; [apply (scaled_bound T (units E) (removelast away) (removelast (rest_at z)) (removelast zaway) HU
          (stands_removelast _ _ away_stands) zaway_first)|].
        - rewrite removelast_length, Ld. lia.
        - rewrite removelast_length, Lz. lia.
        - apply Z.mul_le_mono_nonneg_r; [apply Z.sqrt_up_nonneg|]. unfold v, prepare. simpl rest_most.
          apply fold_max_spec. apply (in_map (fun d => scaled_length (units E) (removelast d))). exact (rest_in z Hz). }
      assert (H2 : Z.abs (last (rest_at z) 0 * last zaway 0) <= rest_last v * Z.abs (signed (last away 0%uint63))).
      { pose proof zaway_end. rewrite (signed_spec _ _ (stands_last _ _ away_stands)) by lia. rewrite Z.abs_mul.
        apply Z.mul_le_mono_nonneg_r; [lia|]. unfold v, prepare. simpl rest_last.
        apply largest_spec. apply (in_map (fun d => last d 0)). exact (rest_in z Hz). }
      unfold rest, rest_of. lia.
    Qed.

    Lemma rest_nonneg : 0 <= rest.
    Proof. pose proof (rest_bound x Hx). lia. Qed.

    Lemma logit_split z : (z < n)%nat ->
      D * logit N' x y z = zdot (features_at E z) P +
        (zdot (rest_at z) ax + zdot (rest_at z) by_ + zdot (rest_at z) zaway) + zdot (centre_of_sums E) zhs.
    Proof.
      intros Hz. destruct fits as [_ [_ [HF [HW [Hc [_ [[_ Ha] [[_ Hb] _]]]]]]]].
      rewrite (logit_zdot z Hz).
      rewrite (decompose D (unembed_row r z) (features_at E z) (centre_of_sums E) W (S m) zhs (rest_at z));
        try assumption; auto using unembed_row_length, zhs_length, rest_at_length.
      - fold P. rewrite (zaway_dot (rest_at z) zhs ax by_ (S m) (rest_at_length z Hz) zhs_length (Ha x Hx) (Hb y Hy)). reflexivity.
      - intros i Hi. apply rest_at_spec; assumption.
    Qed.

    Lemma sums_stand : Forall2 stands (map (fun w => dot 0%uint63 w hs) (writings_m v)) P.
    Proof. unfold v, prepare. simpl writings_m. apply stands_dots. exact hs_stand. Qed.

    Lemma sums_bound u : In u P -> Z.abs u <= SM.
    Proof.
      destruct fits as [_ [_ [_ [HW _]]]].
      intros Hu. unfold P in Hu. apply in_map_iff in Hu. destruct Hu as [w [<- Hw]].
      eapply Z.le_trans; [apply zhs_reach, HW, Hw|]. apply (largest_of_spec (reach H 1)). exact Hw.
    Qed.

    Lemma written_bound z : (z < n)%nat -> Z.abs (zdot (features_at E z) P) <= largest_of total (tabulate n (features_at E)) * SM.
    Proof.
      intros Hz. assert (0 <= SM) by apply largest_of_nonneg.
      eapply Z.le_trans; [apply zdot_largest with (L := SM); [assumption|exact sums_bound]|].
      apply Z.mul_le_mono_nonneg_r; [assumption|]. apply largest_of_spec. unfold tabulate. apply in_map, in_seq. lia.
    Qed.

    Lemma base_is : base v = 2 * (largest_of total (tabulate n (features_at E)) * SM) +
      2 * (largest_of (reach_side (near_left E)) (rests v) + largest_of (reach_side (near_right E)) (rests v)) +
      largest_of (reach T T1) (rests v).
    Proof. reflexivity. Qed.

    Let own := (nth (op x y) (nth x (left_parts v) nil) 0 + nth (op x y) (nth y (right_parts v) nil) 0 +
                dot 0 (nth (op x y) (rests_m v) nil) away)%uint63.
    Definition zown : Z := zdot (rest_at (op x y)) ax + zdot (rest_at (op x y)) by_ + zdot (rest_at (op x y)) zaway.

    Lemma left_stands z : (z < n)%nat -> stands (nth z (nth x (left_parts v) nil) 0%uint63) (zdot (rest_at z) ax).
    Proof. destruct fits as [_ [_ [_ [_ [_ [_ [Ha _]]]]]]]. intros Hz. apply (part_stands (near_left E) x z Ha Hx Hz). Qed.

    Lemma right_stands z : (z < n)%nat -> stands (nth z (nth y (right_parts v) nil) 0%uint63) (zdot (rest_at z) by_).
    Proof. destruct fits as [_ [_ [_ [_ [_ [_ [_ [Hb _]]]]]]]]. intros Hz. apply (part_stands (near_right E) y z Hb Hy Hz). Qed.

    Lemma own_stands : stands own zown.
    Proof.
      assert (Hc : (op x y < n)%nat) by (apply closed; assumption).
      unfold own, zown. apply stands_add; [apply stands_add; [apply left_stands|apply right_stands]; exact Hc|].
      change (rests_m v) with (map (map of_Z) (rests v)). rewrite rests_are, nth_map_tabulate by exact Hc.
      change (zdot (rest_at (op x y)) zaway) with (0 + zdot (rest_at (op x y)) zaway).
      apply stands_dot; [exact away_stands|reflexivity].
    Qed.

    Lemma parts_bound z : (z < n)%nat ->
      Z.abs (zdot (rest_at z) ax) <= largest_of (reach_side (near_left E)) (rests v) /\
      Z.abs (zdot (rest_at z) by_) <= largest_of (reach_side (near_right E)) (rests v) /\
      Z.abs (zdot (rest_at z) zaway) <= largest_of (reach T T1) (rests v).
    Proof.
      destruct fits as [_ [_ [_ [_ [_ [_ [Ha [Hb _]]]]]]]].
      intros Hz. split; [apply (part_bound (near_left E) x z Ha Hx Hz)|]. split; [apply (part_bound (near_right E) y z Hb Hy Hz)|].
      eapply Z.le_trans; [|apply (largest_of_spec (reach T T1)), rest_in, Hz].
      apply (reach_bound _ _ _ _ m); [apply rest_at_length, Hz|apply zaway_size|apply T_nonneg|exact zaway_first|exact zaway_end].
    Qed.

    (** Theorem 3: the margin against z. *)
    Lemma pair_margin z : (z < n)%nat ->
      zdot (features_at E (op x y)) P - zdot (features_at E z) P + zown - zdot (rest_at z) ax - zdot (rest_at z) by_ - rest <=
      D * (logit N' x y (op x y) - logit N' x y z).
    Proof.
      intros Hz. assert (Hc : (op x y < n)%nat) by (apply closed; assumption).
      rewrite Z.mul_sub_distr_l, (logit_split _ Hc), (logit_split _ Hz).
      pose proof (rest_bound z Hz). unfold zown. lia.
    Qed.

    Definition cost_of (worst_x worst_y : Z) : Z := rest + D * need - signed own + worst_x + worst_y.

    Lemma reference_settles label z : (z < n)%nat -> z <> op x y ->
      by_reference inv E v (map (fun w => dot 0%uint63 w hs) (writings_m v)) label
        (cost_of (nth x (left_worst v) 0) (nth y (right_worst v) 0)) x y = true ->
      D * need <= D * (logit N' x y (op x y) - logit N' x y z).
    Proof.
      intros Hz Hne. destruct fits as [HD [_ [HF [HW [_ [_ [Ha [Hb [_ [_ [_ Hbase]]]]]]]]]]].
      unfold by_reference. destruct (nth_error (references_m v) label) as [[K classes]|] eqn:EK; [|discriminate].
      apply nth_error_In in EK. unfold v, prepare in EK. simpl references_m in EK.
      set (moves := tabulate n (fun w => (changes (blocks_of E) w, distances (unit_of_sums E) (blocks_of E) w))) in EK.
      fold W H SM in EK.
      destruct (references_fit n E SM moves) eqn:RF; [|contradiction].
      apply in_map_iff in EK. destruct EK as [Kz [EK HK]]. injection EK as <- <-.
      unfold references_fit in RF. rewrite !andb_true_iff, !forallb_forall, Nat.eqb_eq in RF.
      destruct RF as [[[R1 R2] R3] R4].
      rewrite forallb_forall. intros Hall.
      destruct (middle_of n op e inv closed assoc identity inverse x y z Hx Hy Hz) as [w [Hw [Hxw Hwe]]].
      specialize (Hwe Hne).
      destruct (classes_cover e (fun w => signed (dot 0 (map of_Z (fst (nth w moves (nil, nil)))) (map of_Z Kz)))
        (fun w => snd (nth w moves (nil, nil))) (seq 0 n) w ltac:(apply in_seq; lia) Hwe) as [c [Hc1 [Hc2 Hc3]]].
      specialize (Hall c Hc1). apply Z.leb_le in Hall. rewrite Hc3 in Hall.
      assert (EM : nth w moves (nil, nil) = (changes (blocks_of E) w, distances (unit_of_sums E) (blocks_of E) w))
        by (apply tabulate_nth; exact Hw).
      rewrite EM in Hc2, Hall. simpl fst in Hc2. simpl snd in Hall.
      assert (Hleast : signed (dot 0 (map of_Z (changes (blocks_of E) w)) (map of_Z Kz)) = zdot (changes (blocks_of E) w) Kz).
      { apply signed_spec.
        - change (zdot (changes (blocks_of E) w) Kz) with (0 + zdot (changes (blocks_of E) w) Kz).
          apply stands_dot; [apply stands_self|reflexivity].
        - pose proof (zdot_largest (changes (blocks_of E) w) Kz (largest_of largest (references E)) (largest_of_nonneg _ _)
            (fun h Hh => Z.le_trans _ _ _ (largest_spec _ _ Hh) (largest_of_spec largest _ _ HK))) as Hb1.
          assert (Hin : In (nth w moves (nil, nil)) moves)
            by (apply nth_In; unfold moves; rewrite tabulate_length; exact Hw).
          specialize (R3 _ Hin). rewrite EM in R3. simpl fst in R3. apply Z.ltb_lt in R3. lia. }
      rewrite Hleast in Hc2.
      pose proof (reference_bound n op e inv closed assoc inverse (unit_of_sums E) (blocks_of E) x y w
        (fun W b c => zdot (weights_at W b c) zhs) nil SM (largest_of largest (references E)) Hx Hy Hw
        (map (fun w => dot 0%uint63 w hs) (writings_m v)) P Kz blocks_proper sums_stand) as RB.
      assert (EW : writings E = flat_map (fun W => flat (rows (on W)) (columns (on W)) (weights_at W)) (blocks_of E)).
      { unfold writings. destruct (free_writing E); [apply app_nil_r|discriminate]. }
      assert (EP : P = flat_map (fun W => flat (rows (on W)) (columns (on W)) (fun b c => zdot (weights_at W b c) zhs)) (blocks_of E)).
      { unfold P, W. rewrite EW. apply map_writings. }
      specialize (RB ltac:(rewrite app_nil_r; exact EP) sums_bound
        (fun h Hh => Z.le_trans _ _ _ (largest_spec _ _ Hh) (largest_of_spec largest _ _ HK))).
      specialize (RB ltac:(apply Nat.eqb_eq, R2, HK) R4).
      rewrite Hxw in RB.
      assert (Hfeatures : forall z0, zdot (features_at E z0) P = lsum (fun W => sum2 (rows (on W)) (columns (on W)) (fun b c =>
        coupling_of (on W) b (right_of (on W) z0 c) * zdot (weights_at W b c) zhs)) (blocks_of E)).
      { intros z0. unfold P, W. rewrite EW. unfold features_at. apply zdot_features. }
      assert (Hdiff : lsum (fun W => sum2 (rows (on W)) (columns (on W)) (fun b c =>
          (coupling_of (on W) b (right_of (on W) (op x y) c) - coupling_of (on W) b (right_of (on W) z c)) *
          zdot (weights_at W b c) zhs)) (blocks_of E) =
        zdot (features_at E (op x y)) P - zdot (features_at E z) P).
      { rewrite !Hfeatures, <- lsum_minus. apply lsum_ext. intros V _. rewrite <- sum2_minus. apply sum2_ext. intros. ring. }
      rewrite Hdiff in RB.
      pose proof (pair_margin z Hz) as PM.
      assert (Hc : (op x y < n)%nat) by (apply closed; assumption).
      destruct (parts_bound _ Hc) as [P1 [P2 P3]].
      assert (HS : 0 <= largest_of total (tabulate n (features_at E)) * SM).
      { apply Z.mul_nonneg_nonneg; apply largest_of_nonneg. }
      rewrite base_is in Hbase.
      set (TA := largest_of (reach_side (near_left E)) (rests v)) in *.
      set (TB := largest_of (reach_side (near_right E)) (rests v)) in *.
      set (TH := largest_of (reach T T1) (rests v)) in *.
      assert (0 <= TA) by apply largest_of_nonneg. assert (0 <= TB) by apply largest_of_nonneg.
      assert (0 <= TH) by apply largest_of_nonneg.
      set (S0 := largest_of total (tabulate n (features_at E)) * SM) in *.
      pose proof (worst_bounds (near_left E) x z Ha Hx Hz ltac:(fold TA; lia)) as W1.
      pose proof (worst_bounds (near_right E) y z Hb Hy Hz ltac:(fold TB; lia)) as W2.
      assert (Hown : signed own = zown).
      { apply signed_spec; [exact own_stands|]. unfold zown. lia. }
      unfold cost_of in Hall. rewrite Hown in Hall.
      change (nth x (left_worst v) 0) with
        (nth x (map (fun row => highest (map signed row)) (parts (map (map of_Z) (rests v)) (map (map of_Z) (near_left E)))) 0) in Hall.
      change (nth y (right_worst v) 0) with
        (nth y (map (fun row => highest (map signed row)) (parts (map (map of_Z) (rests v)) (map (map of_Z) (near_right E)))) 0) in Hall.
      unfold ax, by_ in PM. lia.
    Qed.

    Theorem settles_sound : settles op inv E v need x y = true ->
      forall z, (z < n)%nat -> z <> op x y -> need <= logit N' x y (op x y) - logit N' x y z.
    Proof.
      intros S z Hz Hne. destruct fits as [HD [_ [HF [HW [_ [_ [Ha [Hb [_ [_ [Hexact Hbase]]]]]]]]]]].
      assert (Hc : (op x y < n)%nat) by (apply closed; assumption).
      unfold settles in S. fold hs away rest D in S.
      fold own in S.
      set (fitting := base v + (rest + D * need) <? 2 ^ 62) in S.
      match type of S with (if ?b then _ else _) = _ => destruct b eqn:R end.
      - destruct fitting; [|discriminate].
        apply (Z.mul_le_mono_pos_l _ _ D HD). apply (reference_settles _ z Hz Hne R).
      - apply (others_by_spec _ _ ((nil, nil), (0%uint63, 0%uint63))) in S. destruct S as [_ S].
        set (lp := nth x (left_parts v) nil) in *. set (rp := nth y (right_parts v) nil) in *.
        assert (Ll : length lp = n) by (apply (part_length (near_left E) x Ha Hx)).
        assert (Lr : length rp = n) by (apply (part_length (near_right E) y Hb Hy)).
        assert (Eo : outputs_m v = tabulate n (fun z => (map of_Z (features_at E z), map of_Z (unembed_row r z)))).
        { unfold v, prepare. simpl outputs_m. rewrite <- combine_tabulate. unfold tabulate. rewrite !map_map. reflexivity. }
        assert (Lo : length (outputs_m v) = n) by (rewrite Eo; apply tabulate_length).
        specialize (S z). rewrite !combine_length in S. specialize (S ltac:(lia) Hne).
        rewrite combine_nth in S by (rewrite combine_length; lia). rewrite combine_nth in S by lia.
        rewrite Eo in S. rewrite !tabulate_nth in S by assumption. simpl fst in S. simpl snd in S.
        unfold output_below in S.
        set (sums_m := map (fun w => dot 0%uint63 w hs) (writings_m v)) in *.
        match type of S with (if ?b then _ else _) = _ => destruct b eqn:Low end.
        + (* by features *)
          destruct fitting eqn:G; [|discriminate]. unfold fitting in G. apply Z.ltb_lt in G.
          apply (Z.mul_le_mono_pos_l _ _ D HD). eapply Z.le_trans; [|apply (pair_margin z Hz)].
          set (V := zown + zdot (features_at E (op x y)) P - (rest + D * need) -
                    (zdot (rest_at z) ax + zdot (rest_at z) by_ + zdot (features_at E z) P)).
          assert (SV : stands (own + dot 0 (map of_Z (features_at E (op x y))) sums_m - of_Z (rest + D * need) -
            dot (nth z lp 0 + nth z rp 0) (map of_Z (features_at E z)) sums_m)%uint63 V).
          { unfold V. apply stands_sub; [apply stands_sub; [apply stands_add; [exact own_stands|]|apply stands_of_Z]|].
            - change (zdot (features_at E (op x y)) P) with (0 + zdot (features_at E (op x y)) P).
              apply stands_dot; [exact sums_stand|reflexivity].
            - apply stands_dot; [exact sums_stand|]. apply stands_add; [apply left_stands, Hz|apply right_stands, Hz]. }
          rewrite (nonnegative _ V SV) in Low.
          * apply Z.leb_le in Low. unfold V in Low. lia.
          * destruct (parts_bound _ Hc) as [P1 [P2 P3]]. destruct (parts_bound _ Hz) as [P4 [P5 _]].
            pose proof (written_bound _ Hc) as W1. pose proof (written_bound _ Hz) as W2.
            pose proof rest_nonneg. assert (0 <= D * need) by nia.
            rewrite base_is in G.
            unfold V, zown. lia.
        + (* by all neurons *)
          set (V := logit N' x y (op x y) - need - logit N' x y z).
          assert (SV : stands (dot 0 (map of_Z (unembed_row r (op x y))) hs - of_Z need - dot 0 (map of_Z (unembed_row r z)) hs)%uint63 V).
          { unfold V. rewrite (logit_zdot _ Hc), (logit_zdot _ Hz).
            apply stands_sub; [apply stands_sub; [|apply stands_of_Z]|].
            - change (zdot (unembed_row r (op x y)) zhs) with (0 + zdot (unembed_row r (op x y)) zhs).
              apply stands_dot; [exact hs_stand|reflexivity].
            - change (zdot (unembed_row r z) zhs) with (0 + zdot (unembed_row r z) zhs).
              apply stands_dot; [exact hs_stand|reflexivity]. }
          rewrite (nonnegative _ V SV) in S.
          * apply Z.leb_le in S. unfold V in S. lia.
          * assert (HL : forall z0, (z0 < n)%nat -> Z.abs (logit N' x y z0) <= largest_of (reach H 1) (tabulate n (unembed_row r))).
            { intros z0 Hz0. rewrite (logit_zdot _ Hz0).
              eapply Z.le_trans; [apply zhs_reach, unembed_row_length, Hz0|].
              apply (largest_of_spec (reach H 1)). unfold tabulate. apply in_map, in_seq. lia. }
            pose proof (HL _ Hc). pose proof (HL _ Hz). unfold V. lia.
    Qed.
  End OnePair.
End PairsSound.

(** Theorem 3 (pairs), for the rounded network. *)
Theorem pairs_rounded_sound N kl ku a r generators E :
  rounds N kl ku a r -> pairs_rounded a (width N) r generators E <= right_pairs N.
Proof.
  intros R. unfold pairs_rounded. cbv zeta.
  set (t := row_table r). set (n := length t). set (op := table_product t). set (m := width N).
  destruct (find_identity t) as [e'|] eqn:He'; [|apply right_pairs_nonneg].
  set (inv := fun x => nth x (inverse_table t e') O).
  set (need := 2 * slack a m (writes_most r) (reads_most r) + 1).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:H end; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, forallb_forall in H. destruct H as [[[G Hinv] Hblocks] Hfit].
  apply group_facts in G. fold n op in G. destruct G as [[closed [assoc _]] [e [He [e_in [identity Hind]]]]].
  rewrite He' in He. injection He as ->.
  assert (inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e).
  { unfold inverses_ok in Hinv. rewrite all_spec in Hinv. intros x Hx. specialize (Hinv x Hx).
    rewrite !andb_true_iff, Nat.ltb_lt, !Nat.eqb_eq in Hinv. destruct Hinv as [[H1 H2] H3].
    split; [exact H1|]. split; [exact H2|exact H3]. }
  clearbody inv. clear Hinv.
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  assert (Hneed : 0 <= need).
  { unfold need, slack. pose proof (largest_of_nonneg total (rows_unembed r)). pose proof (a_nonneg _ _ _ _ _ R).
    assert (0 <= reads_most r) by (unfold reads_most; pose proof (largest_of_nonneg largest (rows_left r));
      pose proof (largest_of_nonneg largest (rows_right r)); lia).
    unfold writes_most. nia. }
  assert (proper_blocks : forall W, In W (blocks_of E) -> proper n op e (on W)).
  { intros W HW. pose proof (block_facts n m op e generators (map on (blocks_of E)) closed assoc identity Hind) as BF.
    assert (HB : forall B, In B (map on (blocks_of E)) -> block_ok n m op e generators B = true).
    { intros B HB. apply in_map_iff in HB. destruct HB as [V [<- HV]]. apply Hblocks, HV. }
    destruct (BF HB (on W) (in_map on _ _ HW)) as [B1 [B2 [B3 _]]]. repeat split; try apply B1; try apply B2. exact B3. }
  unfold right_pairs. rewrite <- Hn. apply sum_le. intros x Hx. cbv beta. apply sum_le. intros y Hy. cbv beta.
  destruct (settles op inv E (prepare n m e r E) need x y) eqn:S; [|destruct (right_answerb N x y); lia].
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta. change (table_product t x y) with (op x y). fold m need.
  split; [apply closed; assumption|].
  pose proof R as [_ _ _ Sl Sr Su Sb _ _ _ _ _ _]. rewrite <- Hn in Sl, Sr, Su, Sb.
  apply (settles_sound n m op e inv r E need closed assoc identity inverse proper_blocks Sl Sr Su Sb Hneed Hfit x y Hx Hy S).
Qed.
